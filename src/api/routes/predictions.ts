import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Crossover, CrossoverRequest, Prediction, PredictionRequest } from '../../experiment/prediction.ts'
import { predict, predictCrossover } from '../../theory/predict.ts'
import type { RouteParts } from '../app.ts'
import { problems } from '../replies.ts'

const tags = ['theory']

/** Theory alone. What takes more than a moment is computed off the event loop. */
export const predictionRoutes =
  ({ compute, limits }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const predicted = { 200: Prediction, ...problems(400, 413, 415, 422) }
    app.post(
      '/v1/predictions',
      { schema: { operationId: 'predict', tags, body: PredictionRequest, response: predicted } },
      async (request) => {
        const { lambda, times = [] } = request.body
        const numbers = lambda.length * (1 + times.length)
        return numbers > limits.inlineNumbers ? compute.run('predict', request.body) : predict(request.body)
      },
    )

    const crossed = { 200: Crossover, ...problems(400, 413, 415, 422) }
    app.post(
      '/v1/predictions/crossover',
      { schema: { operationId: 'predictCrossover', tags, body: CrossoverRequest, response: crossed } },
      async (request) => predictCrossover(request.body),
    )
  }
