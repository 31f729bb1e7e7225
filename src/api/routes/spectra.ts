import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { DataSpec } from '../../experiment/data-spec.ts'
import { SpectrumView } from '../../experiment/result-view.ts'
import type { RouteParts } from '../parts.ts'
import { operation, problems } from '../replies.ts'

const SpectrumRequest = Type.Object(
  { data: DataSpec },
  { additionalProperties: false, $id: 'SpectrumRequest' },
)

/** The features of data: what there is to learn, before anything is trained. */
export const spectrumRoutes =
  ({ compute, artifacts }: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    const response = { 200: SpectrumView, ...problems(400, 413, 415, 422) }
    app.post(
      '/v1/spectra',
      operation('theory', 'readSpectrum', 'The features of data: σ², λ, ρ', {
        body: SpectrumRequest,
        response,
      }),
      async (request) => compute.run('spectrum', { data: request.body.data, artifacts }),
    )
  }
