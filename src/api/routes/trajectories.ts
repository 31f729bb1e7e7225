import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { TrajectoryView } from '../../experiment/result-view.ts'
import type { RouteParts } from '../parts.ts'
import { alsoMedia, JobId, operation, problems } from '../replies.ts'

const MEDIA = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  npz: 'application/x-npz',
  parquet: 'application/vnd.apache.parquet',
}

const Query = Type.Object(
  {
    points: Type.Optional(Type.Integer({ minimum: 2, maximum: 100_000 })),
    format: Type.Optional(
      Type.Union([Type.Literal('json'), Type.Literal('csv'), Type.Literal('npz'), Type.Literal('parquet')], {
        default: 'json',
      }),
    ),
  },
  { additionalProperties: false },
)

/** Measured and predicted amplitude of every feature over time. */
export const trajectoryRoutes =
  ({ dispatch, compute, artifacts }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { json: _, ...others } = MEDIA
    const ok = alsoMedia('Trajectory', TrajectoryView, ...Object.values(others))
    const response = { 200: ok, ...problems(400, 404, 409) }
    app.get(
      '/v1/jobs/:id/trajectory',
      operation('jobs', 'readTrajectory', 'Measured and predicted amplitudes over time', {
        params: JobId,
        querystring: Query,
        response,
      }),
      async (request, reply) => {
        const { points, format = 'json' } = request.query
        const { spec: _, ...place } = dispatch.finished(request.params.id)
        const table = await compute.run('table', { artifacts, place, points, format })
        reply.type(MEDIA[format])
        if (format === 'json') return reply.send(table)
        reply.header('content-disposition', `attachment; filename="${place.id}-trajectory.${format}"`)
        return reply.send(Buffer.from(table))
      },
    )
  }
