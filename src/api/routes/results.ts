import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ResultView } from '../../experiment/result-view.ts'
import type { RouteParts } from '../app.ts'
import { JobId, problems } from '../replies.ts'

/** What a finished run learned, beside what theory says. */
export const resultRoutes =
  ({ dispatch }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const response = { 200: ResultView, ...problems(400, 404, 409) }
    app.get(
      '/v1/jobs/:id/result',
      { schema: { operationId: 'readResult', tags: ['jobs'], params: JobId, response } },
      async (request) => dispatch.result(request.params.id),
    )
  }
