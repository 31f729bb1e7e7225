import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { JobView } from '../../experiment/job-view.ts'
import { ExperimentSpec } from '../../experiment/spec.ts'
import { JobPage, ListQuery } from '../job-list.ts'
import type { RouteParts } from '../parts.ts'
import { JobId, operation, problems } from '../replies.ts'

/** POST /v1/jobs asks for a run, GET tells how it goes, cancel ends it. */
export const jobRoutes =
  ({ dispatch }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const posted = { 200: JobView, 202: JobView, ...problems(400, 413, 415, 422, 503) }
    app.post(
      '/v1/jobs',
      operation('jobs', 'startJob', 'Ask for a run; the same experiment again finds the job that has it', {
        body: ExperimentSpec,
        response: posted,
      }),
      async (request, reply) => {
        const { view, created } = await dispatch.post(request.body)
        return reply
          .code(created ? 202 : 200)
          .header('location', `/v1/jobs/${view.id}`)
          .send(view)
      },
    )

    const listed = { 200: JobPage, ...problems(400, 422) }
    app.get(
      '/v1/jobs',
      operation('jobs', 'listJobs', 'Jobs, newest first', { querystring: ListQuery, response: listed }),
      async (request) => dispatch.list(request.query),
    )

    const read = { 200: JobView, ...problems(400, 404) }
    app.get(
      '/v1/jobs/:id',
      operation('jobs', 'readJob', 'How a run goes', { params: JobId, response: read }),
      async (request) => dispatch.find(request.params.id),
    )

    const cancelled = { 202: JobView, ...problems(400, 404, 409) }
    app.post(
      '/v1/jobs/:id/cancel',
      operation('jobs', 'cancelJob', 'Ask a run to end', { params: JobId, response: cancelled }),
      async (request, reply) => reply.code(202).send(await dispatch.cancel(request.params.id)),
    )
  }
