import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { RouteParts } from '../parts.ts'
import { JobId, media, operation, problems } from '../replies.ts'

const FIGURES = [
  { format: 'svg', type: 'image/svg+xml', operationId: 'readFigureSvg' },
  { format: 'png', type: 'image/png', operationId: 'readFigurePng' },
  { format: 'vl.json', type: 'application/json', operationId: 'readFigureVega' },
] as const

/** Measured amplitudes against predicted ones, drawn off the event loop. */
export const figureRoutes =
  ({ dispatch, compute }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    for (const { format, type, operationId } of FIGURES) {
      const response = { 200: media('The figure', type), ...problems(400, 404, 409) }
      app.get(
        `/v1/jobs/:id/figure.${format}`,
        operation('jobs', operationId, `Measured against predicted amplitudes as ${format}`, {
          params: JobId,
          response,
        }),
        async (request, reply) => {
          const { id } = request.params
          const run = { id, spec: dispatch.find(id).spec }
          const drawn = { result: dispatch.result(id), trajectory: dispatch.trajectory(id) }
          const figure = await compute.run('figure', { ...run, ...drawn, format })
          return reply.type(type).send(Buffer.from(figure))
        },
      )
    }
  }
