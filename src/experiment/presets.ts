import { GAP_PRESETS } from './presets/gap.ts'
import { LIMIT_PRESETS } from './presets/limits.ts'
import { MODEL_PRESETS } from './presets/models.ts'
import { NET_PRESETS } from './presets/nets.ts'
import { ORDER_PRESETS } from './presets/order.ts'
import type { Preset } from './presets/preset.ts'

export type { Preset }

/** Every experiment of the paper and of docs/theory.md as a ready sweep, and what becomes of its question in nets. */
export const PRESETS: readonly Preset[] = [
  ...ORDER_PRESETS,
  ...GAP_PRESETS,
  ...MODEL_PRESETS,
  ...LIMIT_PRESETS,
  ...NET_PRESETS,
]

/** The preset of a name. */
export function presetNamed(name: string): Preset | undefined {
  return PRESETS.find((preset) => preset.name === name)
}
