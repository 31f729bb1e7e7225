import type { Factor } from '../../experiment/nonlinear-spec.ts'
import { turnFrom } from '../normal.ts'

/**
 * One anti-aliased shape before a grating, drawn in plain arithmetic. With the side of the image as unit, pixel centres
 * (u, v) = ((column + ½)/size, (row + ½)/size):
 *
 *   behind    background + contrast · sin 2π(FREQUENCY_U u + FREQUENCY_V v + phase)
 *   distance  (1 − shape) · (√(du² + dv²) − radius) + shape · (max(|du|, |dv|) − radius),  du = u − x, dv = v − y
 *   cover     ½ − distance · size, cut to [0, 1]: a border one pixel wide, so that pixels move continuously with the factors
 *   pixel     behind + cover · (brightness + tint − behind),   tint = (colour, 0, −colour) in red, green and blue
 */
export const FREQUENCY_U = 3
export const FREQUENCY_V = 1.5

/** What a factor is where it does not vary, and how far it roams to either side when it has variance 1. */
export const RANGES: Readonly<Record<Factor, { readonly centre: number; readonly reach: number }>> = {
  'position-x': { centre: 0.5, reach: 0.25 }, // sides
  'position-y': { centre: 0.5, reach: 0.25 },
  size: { centre: 0.17, reach: 0.08 }, // radius, in sides
  shape: { centre: 0.5, reach: 0.5 }, // 0 is a disc, 1 a square
  brightness: { centre: 0.75, reach: 0.25 },
  colour: { centre: 0, reach: 0.25 },
  background: { centre: 0.3, reach: 0.3 },
  'texture-phase': { centre: 0, reach: 0.5 }, // turns
  'texture-contrast': { centre: 0.15, reach: 0.15 },
}

/** Values of all factors, in this order. */
export const SLOTS: readonly Factor[] = [
  'position-x',
  'position-y',
  'size',
  'shape',
  'brightness',
  'colour',
  'background',
  'texture-phase',
  'texture-contrast',
]

/** Sines and cosines of the grating at phase 0, [size · size]. */
export interface Grating {
  readonly sine: Float64Array
  readonly cosine: Float64Array
}

/** The grating of an image of size × size pixels. */
export function gratingOf(size: number): Grating {
  const sine = new Float64Array(size * size)
  const cosine = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      turn((FREQUENCY_U * (j + 0.5) + FREQUENCY_V * (i + 0.5)) / size)
      cosine[i * size + j] = circle[0]!
      sine[i * size + j] = circle[1]!
    }
  }
  return { sine, cosine }
}

/**
 * Draws one image into out[at …], [size][size][channels].
 *
 * @param values of the factors, in the order of SLOTS
 */
export function drawScene(
  values: Float64Array,
  grating: Grating,
  size: number,
  channels: number,
  out: Float64Array,
  at: number,
): void {
  drawBehind(values, grating, channels, out, at)
  const [x, y] = [values[0]! * size - 0.5, values[1]! * size - 0.5] // in pixels, from the first one's centre
  const radius = values[2]! * size
  const shape = values[3]!
  const brightness = values[4]!
  const colour = channels === 3 ? values[5]! : 0
  const [top, bottom] = reach(y, radius, size)
  const [left, right] = reach(x, radius, size)
  for (let i = top; i <= bottom; i++) {
    const dv = Math.abs(i - y)
    for (let j = left; j <= right; j++) {
      const du = Math.abs(j - x)
      const round = Math.sqrt(du * du + dv * dv)
      const distance = round + shape * (Math.max(du, dv) - round) - radius
      if (distance >= 0.5) continue
      const cover = distance <= -0.5 ? 1 : 0.5 - distance
      const pixel = at + (i * size + j) * channels
      out[pixel] = out[pixel]! + cover * (brightness + colour - out[pixel]!)
      if (channels === 1) continue
      out[pixel + 1] = out[pixel + 1]! + cover * (brightness - out[pixel + 1]!)
      out[pixel + 2] = out[pixel + 2]! + cover * (brightness - colour - out[pixel + 2]!)
    }
  }
}

function drawBehind(
  values: Float64Array,
  { sine, cosine }: Grating,
  channels: number,
  out: Float64Array,
  at: number,
): void {
  const level = values[6]!
  turn(values[7]!)
  const [alongSine, alongCosine] = [values[8]! * circle[0]!, values[8]! * circle[1]!] // sin(a + φ) = sin a cos φ + cos a sin φ
  for (let p = 0, to = at; p < sine.length; p++) {
    const value = level + alongSine * sine[p]! + alongCosine * cosine[p]!
    for (let c = 0; c < channels; c++) out[to++] = value
  }
}

/** The first and the last pixel that a shape can touch along one axis. */
function reach(centre: number, radius: number, size: number): [number, number] {
  return [
    Math.max(0, Math.ceil(centre - radius - 0.5)),
    Math.min(size - 1, Math.floor(centre + radius + 0.5)),
  ]
}

const circle = new Float64Array(2) // cosine and sine of the last turn

/** Cosine and sine of 2π · turns, in plain arithmetic. */
function turn(turns: number): void {
  const rest = turns - Math.floor(turns)
  const quarter = Math.round(4 * rest)
  turnFrom(quarter, (rest - quarter / 4) * (2 * Math.PI), circle)
}
