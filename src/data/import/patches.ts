import { fillUniforms, STREAMS } from '../philox.ts'
import type { Picture } from './decode.ts'
import type { Wishes } from './plan.ts'

/** Squares cut from photographs: on a grid, or as many from each photograph at places drawn from a seed. */
export type PatchWish = NonNullable<Wishes['patches']>

/**
 * The upper left corners of a photograph's patches, [patches][row, column].
 *
 * @param index of the photograph among `of`
 * @throws Error with a clause where it is smaller than a patch
 */
export function patchesOf(wish: PatchWish, picture: Picture, index: number, of: number): Uint32Array {
  const { size, stride = size, count, seed = 0 } = wish
  const { file, width, height } = picture
  if (size > Math.min(width, height)) {
    throw new Error(`${file.name} is ${width}×${height} pixels, smaller than a patch of ${size}×${size}`)
  }
  const [rows, columns] = [height - size + 1, width - size + 1]
  if (count === undefined) {
    const across = Math.ceil(columns / stride)
    return Uint32Array.from({ length: 2 * across * Math.ceil(rows / stride) }, (_, k) => {
      const patch = k >> 1
      return stride * (k % 2 === 0 ? Math.floor(patch / across) : patch % across)
    })
  }
  const mine = Math.floor(((index + 1) * count) / of) - Math.floor((index * count) / of)
  const uniforms = new Float64Array(2 * mine)
  fillUniforms(uniforms, { seed, stream: STREAMS.choice, step: index })
  return Uint32Array.from(uniforms, (u, k) => Math.floor(u * (k % 2 === 0 ? rows : columns)))
}

interface Cut {
  readonly width: number // of the photograph
  readonly channels: number
  readonly size: number
}

/** Patches of a photograph, [patches][size][size][channels]. */
export function cutPatches(
  values: Uint8Array,
  { width, channels, size }: Cut,
  corners: Uint32Array,
): Uint8Array {
  const line = size * channels
  const out = new Uint8Array((corners.length / 2) * size * line)
  for (let p = 0, at = 0; p < corners.length; p += 2) {
    for (let i = 0; i < size; i++, at += line) {
      const from = ((corners[p]! + i) * width + corners[p + 1]!) * channels
      out.set(values.subarray(from, from + line), at)
    }
  }
  return out
}
