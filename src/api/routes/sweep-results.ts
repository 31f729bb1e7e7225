import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { SweepResult } from '../../experiment/sweep-view.ts'
import type { RouteParts } from '../parts.ts'
import { alsoMedia, operation, problems } from '../replies.ts'
import { SweepId } from '../sweep-list.ts'
import { streamSweepResult } from '../sweep-result.ts'

const Query = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    after: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  },
  { additionalProperties: false },
)

/** What the runs of a sweep learned, and what is made of them together. */
export const sweepResultRoutes =
  ({ dispatch, closing }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const response = {
      200: alsoMedia('The result, in the order of the points', SweepResult),
      ...problems(400, 404, 409),
    }
    app.get(
      '/v1/sweeps/:id/result',
      operation('sweeps', 'readSweepResult', 'What the runs of a sweep learned: all of them, or a page', {
        params: SweepId,
        querystring: Query,
        response,
      }),
      async (request, reply) => {
        const stream = streamSweepResult(dispatch, request.params.id, request.query, closing)
        return reply.type('application/json; charset=utf-8').send(stream)
      },
    )
  }
