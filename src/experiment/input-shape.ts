import type { DataSpec } from './data-spec.ts'
import { viewShape } from './image-shape.ts'

/** The axes of one x: [d], or [height, width, channels] where the entries of x are pixels. */
export type InputShape = readonly number[]

/** @param features d, the length of x */
export function inputShape(data: DataSpec, features: number): InputShape {
  const side = sideOf(data)
  if (side === null || features % (side * side) !== 0) return [features]
  return [side, side, features / (side * side)]
}

function sideOf(data: DataSpec): number | null {
  if (data.kind === 'nonlinear' && data.family === 'factors') return data.size ?? 16
  return data.kind === 'images' ? viewShape(data).side : null
}
