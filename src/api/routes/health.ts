import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ExperimentError } from '../../experiment/failure.ts'
import type { RouteParts } from '../app.ts'
import { createMetrics } from '../metrics.ts'
import { media, problems } from '../replies.ts'

const tags = ['service']
const Health = Type.Object({ status: Type.Literal('ok'), version: Type.String() }, { $id: 'Health' })
const Readiness = Type.Object(
  {
    ledger: Type.Boolean(),
    redis: Type.Boolean(),
    workers: Type.Union([Type.Integer(), Type.Null()]),
  },
  { $id: 'Readiness' },
)

/** Alive (the process answers), ready (ledger and Redis do too), and the numbers for Prometheus. */
export const healthRoutes =
  ({ dispatch, version }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/healthz',
      { schema: { operationId: 'readHealth', tags, response: { 200: Health } } },
      async () => ({ status: 'ok' as const, version }),
    )

    app.get(
      '/readyz',
      { schema: { operationId: 'readReadiness', tags, response: { 200: Readiness, ...problems(503) } } },
      async () => {
        const readiness = await dispatch.readiness()
        if (!readiness.ledger)
          throw new ExperimentError('NOT_READY', { what: 'the ledger', why: 'does not answer' })
        if (!readiness.redis)
          throw new ExperimentError('NOT_READY', { what: 'Redis', why: 'does not answer' })
        return readiness
      },
    )

    const metrics = createMetrics(dispatch)
    const response = { 200: media('Prometheus text', 'text/plain') }
    app.get('/metrics', { schema: { operationId: 'readMetrics', tags, response } }, async (_, reply) =>
      reply.type(metrics.contentType).send(await metrics.metrics()),
    )
  }
