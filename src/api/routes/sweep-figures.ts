import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { SWEEP_FIGURE_KINDS, type SweepFigureKind } from '../../report/sweeps/figures/sweep-drawing.ts'
import type { RouteParts } from '../parts.ts'
import { media, operation, problems } from '../replies.ts'
import { SweepId } from '../sweep-list.ts'
import { readableSweep } from '../sweep-result.ts'

const FIGURES = [
  { format: 'svg', type: 'image/svg+xml', operationId: 'readSweepFigureSvg' },
  { format: 'png', type: 'image/png', operationId: 'readSweepFigurePng' },
  { format: 'vl.json', type: 'application/json', operationId: 'readSweepFigureVega' },
  { format: 'csv', type: 'text/csv; charset=utf-8', operationId: 'readSweepFigureCsv' },
] as const

const Query = Type.Object(
  {
    kind: Type.Optional(
      Type.Unsafe<SweepFigureKind>(Type.Union(SWEEP_FIGURE_KINDS.map((kind) => Type.Literal(kind)))),
    ),
  },
  { additionalProperties: false },
)

/** What a sweep shows, measured and predicted in one picture, drawn off the event loop. */
export const sweepFigureRoutes =
  ({ dispatch, bulk, ledger, artifacts }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    for (const { format, type, operationId } of FIGURES) {
      const response = { 200: media('The figure', type), ...problems(400, 404, 409) }
      app.get(
        `/v1/sweeps/:id/figure.${format}`,
        operation('sweeps', operationId, `What a sweep shows, beside theory, as ${format}`, {
          params: SweepId,
          querystring: Query,
          response,
        }),
        async (request, reply) => {
          const { spec } = readableSweep(dispatch, request.params.id)
          const { id } = request.params
          const analysis = dispatch.sweepAnalysis(id) ?? '{}'
          const { kind } = request.query
          const figure = await bulk.run('sweepFigure', {
            ledger,
            artifacts,
            id,
            spec,
            analysis,
            kind,
            format,
          })
          return reply.type(type).send(typeof figure === 'string' ? figure : bytesOf(figure))
        },
      )
    }
  }

/** The same bytes, not copied: a table of a hundred thousand runs has tens of megabytes. */
function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
