import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Crossover, CrossoverRequest, Prediction, PredictionRequest } from '../../experiment/prediction.ts'
import { predict, predictCrossover } from '../../theory/predict.ts'
import type { RouteParts } from '../parts.ts'
import { operation, problems } from '../replies.ts'

/** Theory alone. What takes more than a moment is computed off the event loop. */
export const predictionRoutes =
  ({ compute, limits }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const predicted = { 200: Prediction, ...problems(400, 413, 415, 422) }
    app.post(
      '/v1/predictions',
      operation('theory', 'predict', 'Theory alone: critical times, fixed points, order, bounds', {
        body: PredictionRequest,
        response: predicted,
      }),
      async (request) => {
        const { lambda, times = [] } = request.body
        const numbers = lambda.length * (1 + times.length)
        return numbers > limits.inlineNumbers ? compute.run('predict', request.body) : predict(request.body)
      },
    )

    const crossed = { 200: Crossover, ...problems(400, 413, 415, 422) }
    app.post(
      '/v1/predictions/crossover',
      operation('theory', 'predictCrossover', 'The ratio of λ at which the order of two features turns', {
        body: CrossoverRequest,
        response: crossed,
      }),
      async (request) => predictCrossover(request.body),
    )
  }
