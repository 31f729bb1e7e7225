import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { JobView, State } from '../../experiment/job-view.ts'
import { ExperimentSpec } from '../../experiment/spec.ts'
import type { RouteParts } from '../app.ts'
import { JobId, problems } from '../replies.ts'

const tags = ['jobs']

const ListQuery = Type.Object(
  {
    state: Type.Optional(State),
    sweep: Type.Optional(Type.String({ maxLength: 100 })),
    tag: Type.Optional(Type.String({ maxLength: 100 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
    after: Type.Optional(Type.String({ maxLength: 200 })),
  },
  { additionalProperties: false },
)

const JobPage = Type.Object(
  { items: Type.Array(JobView), nextCursor: Type.Union([Type.String(), Type.Null()]) },
  { $id: 'JobPage' },
)

/** POST /v1/jobs asks for a run, GET tells how it goes, cancel ends it. */
export const jobRoutes =
  ({ dispatch }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const posted = { 200: JobView, 202: JobView, ...problems(400, 413, 415, 422, 503) }
    app.post(
      '/v1/jobs',
      { schema: { operationId: 'startJob', tags, body: ExperimentSpec, response: posted } },
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
      { schema: { operationId: 'listJobs', tags, querystring: ListQuery, response: listed } },
      async (request) => dispatch.list(request.query),
    )

    const read = { 200: JobView, ...problems(400, 404) }
    app.get(
      '/v1/jobs/:id',
      { schema: { operationId: 'readJob', tags, params: JobId, response: read } },
      async (request) => dispatch.find(request.params.id),
    )

    const cancelled = { 202: JobView, ...problems(400, 404, 409) }
    app.post(
      '/v1/jobs/:id/cancel',
      { schema: { operationId: 'cancelJob', tags, params: JobId, response: cancelled } },
      async (request, reply) => reply.code(202).send(await dispatch.cancel(request.params.id)),
    )
  }
