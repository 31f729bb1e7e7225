import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ExperimentError } from '../../experiment/failure.ts'
import { createMetrics } from '../metrics.ts'
import type { RouteParts } from '../parts.ts'
import { media, operation, problems } from '../replies.ts'

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
      operation('service', 'readHealth', 'Whether the process answers', { response: { 200: Health } }),
      async () => ({ status: 'ok' as const, version }),
    )

    app.get(
      '/readyz',
      operation('service', 'readReadiness', 'Whether ledger and Redis answer', {
        response: { 200: Readiness, ...problems(503) },
      }),
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
    app.get(
      '/metrics',
      operation('service', 'readMetrics', 'Numbers for Prometheus', { response }),
      async (_, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
    )
  }
