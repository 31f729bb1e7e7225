import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Estimate } from '../../experiment/job-view.ts'
import { ExperimentSpec } from '../../experiment/spec.ts'
import type { RouteParts } from '../parts.ts'
import { operation, problems } from '../replies.ts'

/** What a run would take; nothing is queued. */
export const estimateRoutes =
  ({ dispatch }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const response = { 200: Estimate, ...problems(400, 413, 415, 422) }
    app.post(
      '/v1/estimates',
      operation('jobs', 'estimate', 'What a run would take; queues nothing', {
        body: ExperimentSpec,
        response,
      }),
      async (request) => dispatch.estimate(request.body),
    )
  }
