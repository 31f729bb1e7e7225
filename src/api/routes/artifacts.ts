import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { RunPlace } from '../../artifacts/place.ts'
import { ExperimentError } from '../../experiment/failure.ts'
import { sendArtifact } from '../artifact-reply.ts'
import type { RouteParts } from '../parts.ts'
import { JobId, media, operation, problems } from '../replies.ts'
import { fileOf, filesOf } from '../run-files.ts'

const ArtifactList = Type.Object(
  {
    items: Type.Array(
      Type.Object({ name: Type.String(), bytes: Type.Integer(), sha256: Type.String(), href: Type.String() }),
    ),
  },
  { $id: 'ArtifactList' },
)
const ArtifactPath = Type.Object({ ...JobId.properties, name: Type.String({ maxLength: 200 }) })

/** The files of a run's last attempt. Only names that its manifest lists are looked up: they are never paths. */
export const artifactRoutes =
  ({ dispatch, compute, artifacts }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    /** Null before the run belongs to a cohort: then it has no files. */
    const placeOf = (id: string): RunPlace | null => {
      const { attempt, cohort } = dispatch.find(id)
      return cohort ? { id, attempt, cohort } : null
    }
    const listed = { 200: ArtifactList, ...problems(400, 404) }
    app.get(
      '/v1/jobs/:id/artifacts',
      operation('jobs', 'listArtifacts', 'Files of a finished run', { params: JobId, response: listed }),
      async (request) => {
        const { id } = request.params
        const place = placeOf(id)
        const files = place === null ? [] : await filesOf(compute, artifacts, place)
        return { items: files.map((file) => ({ ...file, href: `/v1/jobs/${id}/artifacts/${file.name}` })) }
      },
    )

    const whole = media('The file', 'application/octet-stream')
    const part = media('A part of the file', 'application/octet-stream')
    const unchanged = Type.Null({ description: 'The reader has this version already' })
    const read = { 200: whole, 206: part, 304: unchanged, ...problems(400, 404, 416) }
    app.get(
      '/v1/jobs/:id/artifacts/:name',
      operation('jobs', 'readArtifact', 'One file of a finished run, or a part of it', {
        params: ArtifactPath,
        response: read,
      }),
      async (request, reply) => {
        const { id, name } = request.params
        const place = placeOf(id)
        if (place === null) throw new ExperimentError('ARTIFACT_UNKNOWN', { id, name })
        return sendArtifact(request, reply, await fileOf(compute, artifacts, place, name))
      },
    )
  }
