import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ResultView } from '../../experiment/result-view.ts'
import type { RouteParts } from '../parts.ts'
import { JobId, operation, problems } from '../replies.ts'

/** What a finished run learned, beside what theory says. */
export const resultRoutes =
  ({ dispatch }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const response = { 200: ResultView, ...problems(400, 404, 409) }
    app.get(
      '/v1/jobs/:id/result',
      operation('jobs', 'readResult', 'What a finished run learned, beside theory', {
        params: JobId,
        response,
      }),
      async (request) => dispatch.result(request.params.id),
    )
  }
