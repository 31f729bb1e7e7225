import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { SweepSpec } from '../../experiment/sweep.ts'
import { SweepView } from '../../experiment/sweep-view.ts'
import type { RouteParts } from '../parts.ts'
import { operation, problems } from '../replies.ts'
import { SweepExtension, SweepId, SweepListQuery, SweepPage } from '../sweep-list.ts'

/** POST /v1/sweeps asks for many runs at once, GET tells how they go, PATCH adds values to an axis, cancel ends them. */
export const sweepRoutes =
  ({ dispatch }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const posted = { 200: SweepView, 202: SweepView, ...problems(400, 413, 415, 422) }
    app.post(
      '/v1/sweeps',
      operation(
        'sweeps',
        'startSweep',
        'Ask for many runs at once; the same sweep again finds the one that is there',
        {
          body: SweepSpec,
          response: posted,
        },
      ),
      async (request, reply) => {
        const { view, created } = await dispatch.postSweep(request.body)
        return reply
          .code(created ? 202 : 200)
          .header('location', `/v1/sweeps/${view.id}`)
          .send(view)
      },
    )

    const listed = { 200: SweepPage, ...problems(400) }
    app.get(
      '/v1/sweeps',
      operation('sweeps', 'listSweeps', 'Sweeps, newest first', {
        querystring: SweepListQuery,
        response: listed,
      }),
      async (request) => dispatch.listSweeps(request.query),
    )

    const read = { 200: SweepView, ...problems(400, 404) }
    app.get(
      '/v1/sweeps/:id',
      operation('sweeps', 'readSweep', 'How a sweep goes: runs per state', {
        params: SweepId,
        response: read,
      }),
      async (request) => dispatch.findSweep(request.params.id),
    )

    const extended = { 202: SweepView, ...problems(400, 404, 409, 413, 415, 422) }
    app.patch(
      '/v1/sweeps/:id',
      operation(
        'sweeps',
        'extendSweep',
        'Add values to the axes of a sweep; only the points that are new run',
        {
          params: SweepId,
          body: SweepExtension,
          response: extended,
        },
      ),
      async (request, reply) =>
        reply.code(202).send(await dispatch.extendSweep(request.params.id, request.body)),
    )

    const cancelled = { 202: SweepView, ...problems(400, 404, 409) }
    app.post(
      '/v1/sweeps/:id/cancel',
      operation('sweeps', 'cancelSweep', 'Ask the runs to end that no other sweep and nobody else wants', {
        params: SweepId,
        response: cancelled,
      }),
      async (request, reply) => reply.code(202).send(await dispatch.cancelSweep(request.params.id)),
    )
  }
