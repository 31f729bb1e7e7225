import type { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { DatasetRequest, DatasetView, UploadQuery } from '../../experiment/dataset-view.ts'
import { DatasetId, DatasetListQuery, DatasetPage, pageOf } from '../dataset-list.ts'
import { ImageImports } from '../image-imports.ts'
import { isUpload, replyWithImport, UPLOAD_TYPE } from '../import-reply.ts'
import type { RouteParts } from '../parts.ts'
import { alsoMedia, operation, problems } from '../replies.ts'

const POST = 'Register an image set: a file as the body, or a path on the server'

/** Registered image sets: POST takes images in, GET tells of them, DELETE takes them away. */
export const datasetRoutes =
  ({ artifacts, limits, clock, closing }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const imports = new ImageImports(artifacts, limits, clock)
    app.addContentTypeParser(UPLOAD_TYPE, async (_: unknown, body: Readable) => body)
    const upload = Type.Unsafe({ description: 'IDX, npz, CIFAR, picture, or a zip or tar of files' })
    const content = { 'application/json': { schema: DatasetRequest }, [UPLOAD_TYPE]: { schema: upload } }
    const known = alsoMedia('The set was there already; or events', DatasetView, 'text/event-stream')
    const posted = { 200: known, 201: DatasetView, ...problems(400, 409, 413, 415, 422, 507) }
    const schemas = { body: { content }, querystring: UploadQuery, response: posted }
    app.post('/v1/datasets', operation('datasets', 'addDataset', POST, schemas), (request, reply) =>
      replyWithImport(request, reply, { limits, closing }, (waiter) => {
        if (!isUpload(request)) return imports.fromPath(request.body as DatasetRequest, waiter)
        const bytes = Number(request.headers['content-length'] ?? Number.NaN)
        const announced = Number.isNaN(bytes) ? null : bytes
        return imports.fromUpload(request.body as Readable, announced, request.query, waiter)
      }),
    )

    const listed = { querystring: DatasetListQuery, response: { 200: DatasetPage, ...problems(400) } }
    app.get(
      '/v1/datasets',
      operation('datasets', 'listDatasets', 'Registered sets, newest first', listed),
      async (request) => pageOf(await imports.registry.list(), request.query),
    )

    const one = { params: DatasetId, response: { 200: DatasetView, ...problems(400, 404) } }
    app.get(
      '/v1/datasets/:id',
      operation('datasets', 'readDataset', 'A registered set, by its id or name', one),
      async (request) => imports.registry.find(request.params.id),
    )
    app.delete(
      '/v1/datasets/:id',
      operation('datasets', 'removeDataset', 'Take a set away; runs on it can no longer be drawn', one),
      async (request) => imports.registry.remove(request.params.id),
    )
  }
