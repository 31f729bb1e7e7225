import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { RouteParts } from '../parts.ts'
import { JobId, media, operation, problems } from '../replies.ts'

const FIGURES = [
  { format: 'svg', type: 'image/svg+xml', operationId: 'readFigureSvg' },
  { format: 'png', type: 'image/png', operationId: 'readFigurePng' },
  { format: 'vl.json', type: 'application/json', operationId: 'readFigureVega' },
] as const

const MOST_BESIDE = 23

const Beside = Type.Object(
  {
    beside: Type.Optional(
      Type.String({
        maxLength: 28 * MOST_BESIDE,
        description: 'Ids of jobs to draw beside this one, with commas between',
      }),
    ),
    columns: Type.Optional(Type.Integer({ minimum: 1, maximum: 6, description: 'Panels in a row' })),
    title: Type.Optional(Type.String({ maxLength: 200, description: 'Title above several panels' })),
  },
  { additionalProperties: false },
)

/** Measured amplitudes against predicted ones, drawn off the event loop. */
export const figureRoutes =
  ({ dispatch, compute, artifacts }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const drawn = (id: string) => {
      const { spec: _, ...place } = dispatch.finished(id)
      return { spec: dispatch.find(id).spec, result: dispatch.result(id), place }
    }
    for (const { format, type, operationId } of FIGURES) {
      const response = { 200: media('The figure', type), ...problems(400, 404, 409) }
      app.get(
        `/v1/jobs/:id/figure.${format}`,
        operation('jobs', operationId, `Measured against predicted amplitudes as ${format}`, {
          params: JobId,
          querystring: Beside,
          response,
        }),
        async (request, reply) => {
          const { beside, columns, title } = request.query
          const ids = [request.params.id, ...(beside?.split(',') ?? [])]
          const figure = await compute.run('figure', {
            artifacts,
            runs: ids.map(drawn),
            title,
            columns,
            format,
          })
          return reply.type(type).send(Buffer.from(figure))
        },
      )
    }
  }
