import type { KnownImages, Problem } from '../../src/data/problem.ts'
import type { Matrix } from '../../src/experiment/matrix.ts'
import { noiseFloor } from '../probes/representation/sample.ts'

/** Samples that no training meets, and what is known of them. */
export interface HeldOut {
  /** Probes are fitted on these. */
  readonly train: HeldOutSamples
  /** Probes are judged on these, and the loss is that of these. */
  readonly test: HeldOutSamples
  /** The noise through which latents are read (workers/probes/representation/sample.ts). */
  readonly floor: number
  /** Column i is feature q_i; where a probe needs them alone, since they take a decomposition. */
  readonly directions?: Matrix
}

export interface HeldOutSamples {
  readonly rows: number
  readonly x: Float32Array // [rows][d]
  readonly y: Float32Array // [rows][d]
  readonly latents?: Float64Array // [rows][latents]
  readonly labels?: Uint16Array // [rows]
}

const TRAIN = 2048
const TEST = 1024
/** Of the draws of data without held-out samples of their own; a run that has it too draws them at steps of its own. */
const SEED = Number.MAX_SAFE_INTEGER

type Drawn = Pick<HeldOut, 'train' | 'test' | 'floor'>
const known = new WeakMap<Problem, Drawn>()

/** The held-out samples of a problem: the same for all runs on its data, which share them. */
export function heldOutSamples(problem: Problem, probes: readonly string[]): HeldOut {
  const drawn = known.get(problem) ?? draw(problem)
  known.set(problem, drawn)
  return probes.includes('alignment') ? { ...drawn, directions: problem.spectrum.directions } : drawn
}

function draw(problem: Problem): Drawn {
  const { train, test } =
    problem.images === undefined
      ? { train: drawSamples(problem, 0, TRAIN), test: drawSamples(problem, TRAIN, TEST) }
      : heldOutImages(problem.images)
  return { train, test, floor: noiseFloor(train.x, train.rows) }
}

function drawSamples(problem: Problem, first: number, rows: number): HeldOutSamples {
  const { latents: known } = problem
  if (known === undefined) {
    const { x, y } = problem.sampler(SEED).draw(first, rows)
    return { rows, x: Float32Array.from(x), y: Float32Array.from(y) }
  }
  const { x, y, latents } = known.heldOut(first, rows)
  return { rows, x: Float32Array.from(x), y: Float32Array.from(y), latents }
}

/**
 * The images of which x is made in samples that are held out: number `first` and each `stride`th after it, of all images or of
 * those that x may be made of.
 */
export interface HeldOutImages {
  readonly count: number
  readonly first: number
  readonly stride: number
  /** How many images training makes its x of: the others, or without those whose y is held out, which are the first of the set. */
  readonly left: number
}

/**
 * A fifth of a set at most, spread evenly over it; of images that follow each other the last ones, since neighbours are alike, and
 * none that is a y of training.
 */
export function imagesHeldOut({
  count: images,
  lag,
  firsts,
}: Pick<KnownImages, 'count' | 'lag' | 'firsts'>): HeldOutImages {
  const total = firsts?.length ?? images
  const count = Math.max(2, Math.min(TRAIN + TEST, Math.floor(total / 5)))
  if (firsts === null) return { count, first: 0, stride: Math.floor(images / count), left: images - count }
  const first = total - count
  const left = firsts.findIndex((number) => number + lag >= firsts[first]!)
  return { count, first, stride: 1, left }
}

/** Two thirds of the held-out images to fit probes on, a third to judge: each third, or the last of those that follow each other. */
function heldOutImages(images: KnownImages): Pick<HeldOut, 'train' | 'test'> {
  const { count, first, stride } = imagesHeldOut(images)
  const numbers = Array.from({ length: count }, (_, k) => {
    const place = first + k * stride
    return images.firsts === null ? place : images.firsts[place]!
  })
  const isTest = (k: number) => k === count - 1 || (images.firsts !== null ? 3 * k >= 2 * count : k % 3 === 2)
  const some = (wanted: boolean) =>
    viewsOf(
      images,
      numbers.filter((_, k) => isTest(k) === wanted),
      wanted ? 1 : 0,
    )
  return { train: some(false), test: some(true) }
}

function viewsOf(
  { pixels, labels, count, lag, views }: KnownImages,
  numbers: readonly number[],
  step: number,
): HeldOutSamples {
  const size = pixels.length / count
  const rows = numbers.length
  const those = (after: number) => {
    const z = new Float64Array(rows * size)
    for (const [r, number] of numbers.entries())
      z.set(pixels.subarray((number + after) * size, (number + after + 1) * size), r * size)
    return z
  }
  const z = those(0)
  const { x, y } = views(z, lag === 0 ? z : those(lag), { seed: SEED, step, rows })
  const named = labels && { labels: Uint16Array.from(numbers, (number) => labels[number]!) }
  return { rows, x: Float32Array.from(x), y: Float32Array.from(y), ...named }
}
