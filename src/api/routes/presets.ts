import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { ExperimentError } from '../../experiment/failure.ts'
import { nearestName } from '../../experiment/nearest-name.ts'
import { PRESETS, presetNamed } from '../../experiment/presets.ts'
import { SweepSpec } from '../../experiment/sweep.ts'
import type { RouteParts } from '../parts.ts'
import { operation, problems } from '../replies.ts'

const PresetView = Type.Object(
  {
    name: Type.String(),
    title: Type.String(),
    claim: Type.String({ description: 'What it checks' }),
    source: Type.String({ description: 'Where the claim is made' }),
    spec: SweepSpec,
    /** The same at the size of a GPU. */
    full: Type.Optional(SweepSpec),
    figure: Type.Optional(Type.String({ description: 'The kind of figure that shows it best' })),
  },
  { $id: 'Preset' },
)
const PresetList = Type.Object({ items: Type.Array(PresetView) }, { $id: 'PresetList' })
const PresetName = Type.Object({ name: Type.String({ maxLength: 100 }) })

/** The experiments of the paper as sweeps that are ready to be posted. */
export const presetRoutes =
  (_: RouteParts): FastifyPluginAsyncTypebox =>
  async (app) => {
    app.get(
      '/v1/presets',
      operation('sweeps', 'listPresets', 'The experiments of the paper, ready to be posted', {
        response: { 200: PresetList },
      }),
      async () => ({ items: [...PRESETS] }),
    )

    const response = { 200: PresetView, ...problems(400, 404) }
    app.get(
      '/v1/presets/:name',
      operation('sweeps', 'readPreset', 'One experiment of the paper; its spec can be posted as it is', {
        params: PresetName,
        response,
      }),
      async (request) => {
        const { name } = request.params
        const preset = presetNamed(name)
        if (preset !== undefined) return preset
        const near = nearestName(
          name,
          PRESETS.map((known) => known.name),
        )
        throw new ExperimentError('PRESET_UNKNOWN', { name, near: near ?? null })
      },
    )
  }
