/**
 * Counter-based randomness: Philox4x32-10 (Salmon et al., SC11). A draw is a function of
 * (seed, stream, step, index) and of nothing else, so resuming, batching and threads change nothing.
 *
 *   key     = [seed mod 2^32, seed div 2^32]                         seed < 2^53
 *   counter = [block, step mod 2^32, step div 2^32, stream]          step < 2^53; block, stream < 2^32
 *
 * One block gives four 32-bit words: two uniforms of 52 bits, or two normals (normal.ts).
 * Streams 0 to 255 belong to the data room (`STREAMS`); other rooms take theirs from 256 on.
 */

/** The data room's streams: what each kind of draw is for. */
export const STREAMS = {
  rotation: 0,
  latent: 1,
  xNoise: 2,
  yNoise: 3,
  xMask: 4,
  yMask: 5,
  choice: 6,
  transition: 7,
  bartlett: 8,
  cross: 9,
  chi: 10,
  pair: 11,
  heldOut: 12,
  calibration: 13,
  population: 14,
  redraw: 15,
  layer: 16, // and the following: one for each matrix of a generator, up to 127
} as const

/** Where a sequence of draws lives. `seed` and `step` are integers below 2^53, `stream` below 2^32. */
export interface DrawKey {
  readonly seed: number
  readonly stream: number
  readonly step: number
}

const M0_HIGH = 0xd251
const M0_LOW = 0x1f53
const M1_HIGH = 0xcd9e
const M1_LOW = 0x8d57
const WEYL_0 = 0x9e3779b9
const WEYL_1 = 0xbb67ae85
const TWO_32 = 4294967296
const MAX_BLOCK = TWO_32 - 1

/**
 * Ten rounds of Philox4x32.
 *
 * @param counter four 32-bit words, overwritten with the four words of the block
 */
export function philox4x32(counter: Uint32Array, key0: number, key1: number): void {
  let c0 = counter[0]! | 0
  let c1 = counter[1]! | 0
  let c2 = counter[2]! | 0
  let c3 = counter[3]! | 0
  let k0 = key0 | 0
  let k1 = key1 | 0
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(c0, M0_HIGH, M0_LOW)
    const low0 = Math.imul(c0, 0xd2511f53)
    const high1 = multiplyHigh(c2, M1_HIGH, M1_LOW)
    const low1 = Math.imul(c2, 0xcd9e8d57)
    c0 = high1 ^ c1 ^ k0
    c1 = low1
    c2 = high0 ^ c3 ^ k1
    c3 = low0
    k0 = (k0 + WEYL_0) | 0
    k1 = (k1 + WEYL_1) | 0
  }
  counter[0] = c0
  counter[1] = c1
  counter[2] = c2
  counter[3] = c3
}

/** The upper 32 bits of a 32 × 32 bit product, from four products of 16-bit halves. */
function multiplyHigh(a: number, high: number, low: number): number {
  const aHigh = a >>> 16
  const aLow = a & 0xffff
  const middle = Math.imul(aHigh, low) + (Math.imul(aLow, low) >>> 16)
  const cross = Math.imul(aLow, high) + (middle & 0xffff)
  return (Math.imul(aHigh, high) + (middle >>> 16) + (cross >>> 16)) | 0
}

/**
 * Fills `out` with uniforms number `first`, `first + 1`, … of a key, each in the open interval (0, 1):
 * (k + ½)/2^52 with k of 52 bits.
 *
 * @throws RangeError where the key or the index leaves its range
 */
export function fillUniforms(out: Float64Array, key: DrawKey, first = 0): void {
  const blocks = new Blocks(key, first + out.length)
  const { words } = blocks
  for (let i = 0; i < out.length; ) {
    const index = first + i
    blocks.draw(Math.floor(index / 2))
    if (index % 2 === 0) out[i++] = unit(words[0]!, words[1]!)
    if (i < out.length) out[i++] = unit(words[2]!, words[3]!)
  }
}

/** The blocks of one key; `words` holds the four words of the one drawn last. */
export class Blocks {
  readonly words = new Uint32Array(4)
  private readonly seedLow: number
  private readonly seedHigh: number
  private stepLow: number
  private stepHigh: number
  private readonly stream: number

  /**
   * @param end how many draws (two a block) will be asked for
   * @throws RangeError where the key or `end` leaves its range
   */
  constructor(key: DrawKey, end: number) {
    checkKey(key, end)
    this.seedLow = (key.seed % TWO_32) | 0
    this.seedHigh = (key.seed / TWO_32) | 0
    this.stepLow = (key.step % TWO_32) | 0
    this.stepHigh = (key.step / TWO_32) | 0
    this.stream = key.stream
  }

  /** Goes on with another step of the key. @param step an integer below 2^53, unchecked: this is done once a sample */
  moveTo(step: number): void {
    this.stepLow = (step % TWO_32) | 0
    this.stepHigh = (step / TWO_32) | 0
  }

  /** @param block below 2^32 */
  draw(block: number): void {
    this.words[0] = block
    this.words[1] = this.stepLow
    this.words[2] = this.stepHigh
    this.words[3] = this.stream
    philox4x32(this.words, this.seedLow, this.seedHigh)
  }
}

/** 52 bits of two words as a double in (0, 1); the half keeps it off both ends, exactly. */
export function unit(high: number, low: number): number {
  return (high * 1048576 + (low >>> 12) + 0.5) * 2 ** -52
}

function checkKey({ seed, stream, step }: DrawKey, end: number): void {
  const whole = (value: number, below: number) => Number.isSafeInteger(value) && value >= 0 && value < below
  if (!whole(seed, 2 ** 53)) throw new RangeError(`Seed ${seed} is not an integer from 0 to 2^53 - 1.`)
  if (!whole(step, 2 ** 53)) throw new RangeError(`Step ${step} is not an integer from 0 to 2^53 - 1.`)
  if (!whole(stream, TWO_32)) throw new RangeError(`Stream ${stream} is not an integer below 2^32.`)
  if (end > 2 * MAX_BLOCK) throw new RangeError(`Draw ${end} is past the ${2 * MAX_BLOCK} draws of one step.`)
}
