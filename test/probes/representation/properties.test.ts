import assert from 'node:assert/strict'
import { it } from 'node:test'
import { haarOrthogonal } from '../../../src/data/haar.ts'
import { identity, symmetricEigen } from '../../../src/data/linear-algebra.ts'
import { normals } from '../../../src/data/normal.ts'
import { collapseOf, firstCollapse } from '../../../src/experiment/collapse.ts'
import type { Matrix } from '../../../src/experiment/matrix.ts'
import { symmetricEigenvalues } from '../../../workers/probes/representation/eigenvalues.ts'
import { probeRepresentation } from '../../../workers/probes/representation/probe.ts'
import type { Sample, Samples } from '../../../workers/probes/representation/sample.ts'

const F = 3 // latents
const ALL = ['latents', 'readout', 'responses', 'classes', 'neighbours', 'rank', 'variance', 'spread']

/** Every corner of a cube, several times: latents of mean 0, variance 1 and covariance 0 in the very sample. */
const corners = Float64Array.from({ length: 16 * 8 * F }, (_, at) =>
  (Math.floor(at / F) >> (at % F)) & 1 ? 1 : -1,
)

function encoded(latents: Float64Array, encode: (z: Float64Array) => number[], seen = latents): Sample {
  const rows = seen.length / F
  const all = Array.from({ length: rows }, (_, r) => encode(seen.subarray(r * F, (r + 1) * F)))
  const labels = Array.from(
    { length: rows },
    (_, r) => (latents[r * F]! > 0 ? 1 : 0) + (latents[r * F + 1]! > 0 ? 2 : 0),
  )
  return { rows, representation: Float32Array.from(all.flat()), latents, labels, x: latents }
}

function drawn(encode: (z: Float64Array) => number[], rows = 400): Samples {
  const latentsOf = (step: number) => normals(rows * F, { seed: 1, stream: 1, step })
  return {
    train: encoded(latentsOf(0), encode),
    test: encoded(latentsOf(1), encode),
    directions: identity(F),
  }
}

function close(found: number, wanted: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(found - wanted) <= tolerance, `${what} is ${found}, not ${wanted}`)
}

const turn = haarOrthogonal(5, 3, 0)
const turned = (h: readonly number[]) =>
  Array.from({ length: turn.rows }, (_, i) =>
    h.reduce((sum, value, j) => sum + turn.data[i * turn.cols + j]! * value, 0),
  )

it('a linear encoder W responds to latent i with |W q_i|, the amplitude of a deep linear run', () => {
  const amplitudes = [2, 0.5, 0.0625]
  const sample = encoded(corners, (z) => turned([...z.map((value, i) => amplitudes[i]! * value), 0, 0]))
  const { responses } = probeRepresentation(['responses'], { train: sample, test: sample })
  for (const [i, wanted] of amplitudes.entries()) close(responses![i]!, wanted, 1e-7, `response ${i}`) // float32
})

it('R² of a latent of amplitude w and variance 1 through a floor α is 1 − (α/(w² + α))²', () => {
  const amplitudes = [1, 0.1, 0.01]
  const floor = 0.01
  const sample = encoded(corners, (z) => turned([...z.map((value, i) => amplitudes[i]! * value), 7, 0]))
  const { latents } = probeRepresentation(['latents'], { train: sample, test: sample, floor })
  for (const [i, w] of amplitudes.entries())
    close(latents![i]!, 1 - (floor / (w * w + floor)) ** 2, 1e-6, `R² ${i}`) // float32
})

it('a thousandth of the mean variance of x is the floor where none is given', () => {
  const sample = encoded(corners, (z) => [...z])
  const given = probeRepresentation(['latents'], { train: sample, test: sample, floor: 1e-3 })
  assert.deepEqual(probeRepresentation(['latents'], { train: sample, test: sample }), given)
})

it('probes do not change where the representation is turned', () => {
  const encode = (z: Float64Array) => [z[0]! + 0.3, Math.tanh(z[1]!), z[2]! * z[0]!, z[1]! - z[2]!, 0.5]
  const names = ALL.filter((name) => name !== 'variance')
  const [found, after] = [encode, (z: Float64Array) => turned(encode(z))].map((map) =>
    probeRepresentation(names, drawn(map)),
  )
  for (const name of names) {
    for (const [i, value] of found![name]!.entries()) close(after![name]![i]!, value, 1e-5, `${name}[${i}]`) // float32
  }
})

it('all but latents, responses and variance do not change with the scale; latents fades', () => {
  const encode = (z: Float64Array) => [z[0]!, z[1]! + 0.1 * z[2]!, Math.tanh(z[2]!)]
  const free = ['readout', 'classes', 'neighbours', 'rank', 'spread']
  const small = probeRepresentation(
    ALL,
    drawn((z) => encode(z).map((value) => value / 4096)),
  )
  const large = probeRepresentation(ALL, drawn(encode))
  for (const name of free) {
    for (const [i, value] of large[name]!.entries()) close(small[name]![i]!, value, 1e-9, `${name}[${i}]`) // powers of 2
  }
  for (const [i, value] of small.latents!.entries()) close(value, 0, 0.01, `R² ${i} of almost nothing`)
  assert.ok(
    large.latents!.every((value) => value > 0.9),
    `R² ${large.latents}`,
  )
})

it('R² of latents that the representation says nothing of is about 0 on held-out samples', () => {
  const others = normals(400 * F, { seed: 9, stream: 2, step: 0 })
  const { train, test } = drawn((z) => [...z])
  const blind = { train: { ...train, latents: others }, test: { ...test, latents: others.toReversed() } }
  const { latents } = probeRepresentation(['latents'], blind)
  for (const value of latents!) close(value, 0, 0.05, 'R²') // about −k/n, and 1/√n of chance
})

it('alignment along the axes is R² of the coordinates of x, of at most 32 directions', () => {
  const samples = drawn((z) => [z[0]!, 0.05 * z[1]!])
  const found = probeRepresentation(['alignment', 'latents'], samples)
  assert.deepEqual(found.alignment, found.latents)
  const wide = {
    rows: 40,
    representation: Float32Array.from({ length: 40 }, Math.sin),
    x: normals(40 * 50, KEY),
  }
  const { alignment } = probeRepresentation(['alignment'], {
    train: wide,
    test: wide,
    directions: identity(50),
  })
  assert.equal(alignment!.length, 32)
})

const KEY = { seed: 4, stream: 1, step: 0 }

it('a later look through the same held-out samples has the numbers of a first one', () => {
  const names = [...ALL, 'alignment']
  const [early, late] = [(z: Float64Array) => [z[0]!, z[1]!, 0], (z: Float64Array) => [...z].map(Math.tanh)]
  const samples = drawn(early!)
  probeRepresentation(names, samples)
  const moved = (kept: Sample, at: 'train' | 'test', encode: typeof early) => {
    return { ...kept, representation: drawn(encode!)[at].representation }
  }
  const { directions, train, test } = samples
  const again = { ...samples, train: moved(train, 'train', late), test: moved(test, 'test', late) }
  assert.deepEqual(probeRepresentation(names, again), probeRepresentation(names, drawn(late!)))
  const turnedBy = (angle: number): Matrix => {
    const [c, s] = [Math.cos(angle), Math.sin(angle)]
    return { ...directions!, data: Float64Array.of(c, -s, 0, s, c, 0, 0, 0, 1) }
  }
  const along = (given: Samples) => probeRepresentation(['alignment'], given).alignment
  assert.deepEqual(
    along({ ...again, directions: turnedBy(1) }),
    along({ ...drawn(late!), directions: turnedBy(1) }),
  )
})

it('the rank of r coordinates of equal size is r, of one point 1, of nothing 0', () => {
  const rankOf = (encode: (z: Float64Array) => number[]) => {
    const sample = encoded(corners, encode)
    return probeRepresentation(['rank'], { train: sample, test: sample }).rank![0]!
  }
  close(
    rankOf((z) => turned([...z, 0, 0])),
    3,
    1e-4,
    'rank',
  ) // 10⁻⁷ of RankMe, float32
  close(
    rankOf(() => [3, 4, 0, 0, 0]),
    1,
    1e-4,
    'rank',
  )
  assert.equal(
    rankOf(() => [0, 0]),
    0,
  )
})

it('the spread is 1 for opposite points, 0 for one point and for nothing', () => {
  const spreadOf = (encode: (z: Float64Array) => number[]) => {
    const sample = encoded(corners, encode)
    return probeRepresentation(['spread'], { train: sample, test: sample }).spread![0]!
  }
  assert.equal(
    spreadOf((z) => [z[0]!, 0]),
    1,
  )
  close(
    spreadOf(() => [0.25, 1]),
    0,
    1e-7,
    'spread',
  ) // the root of rounding
  assert.equal(
    spreadOf(() => [0, 0]),
    0,
  )
})

it('a representation that stands still predicts the mean and the most frequent class', () => {
  const samples = drawn(() => [0.5, 0.5])
  const found = probeRepresentation(ALL, samples)
  for (const value of [...found.latents!, ...found.readout!]) close(value, 0, 0.02, 'R²') // means of 400 samples
  assert.ok(found.classes![0]! < 0.35, `accuracy ${found.classes![0]}`)
  assert.deepEqual(
    [found.responses, found.variance],
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
  )
})

it('a representation with a number that is not finite has NaN for every value', () => {
  const samples = drawn((z) => [z[0]!, z[1]!])
  samples.test.representation[3] = Number.POSITIVE_INFINITY
  const found = probeRepresentation([...ALL, 'alignment'], samples)
  for (const [name, values] of Object.entries(found)) assert.ok(values.every(Number.isNaN), name)
  assert.equal(found.latents!.length, F)
})

it('what a probe lacks is refused by name', () => {
  const { train, test } = drawn((z) => [z[0]!])
  const bare = ({ rows, representation }: Sample) => ({ rows, representation })
  const samples = { train: bare(train), test: bare(test) }
  assert.throws(() => probeRepresentation(['latents'], samples), /latents needs samples with latents/)
  assert.throws(() => probeRepresentation(['classes'], samples), /classes needs samples with labels/)
  assert.throws(() => probeRepresentation(['alignment'], samples), /alignment needs samples with directions/)
  assert.throws(() => probeRepresentation(['sharpness'], samples), /no probe sharpness/)
})

it('eigenvalues alone are those of the full decomposition', () => {
  for (const [k, rank] of [
    [1, 1],
    [2, 2],
    [7, 7],
    [40, 9],
  ] as const) {
    const found = symmetricEigenvalues(secondMoment(k, rank))
    const wanted = symmetricEigen(secondMoment(k, rank)).values.reverse()
    for (const [i, value] of wanted.entries())
      close(found[i]!, value, 1e-12 * wanted.at(-1)!, `eigenvalue ${i} of ${k}`)
  }
  assert.deepEqual([...symmetricEigenvalues(identity(5))], [1, 1, 1, 1, 1])
  assert.deepEqual([...symmetricEigenvalues({ rows: 3, cols: 3, data: new Float64Array(9) })], [0, 0, 0])
})

function secondMoment(k: number, rank: number): Matrix {
  const factor = normals(k * rank, { seed: k, stream: 5, step: 0 })
  const entry = (i: number, j: number) => {
    let sum = 0
    for (let m = 0; m < rank; m++) sum += factor[i * rank + m]! * factor[j * rank + m]!
    return sum
  }
  return {
    rows: k,
    cols: k,
    data: Float64Array.from({ length: k * k }, (_, at) => entry(Math.floor(at / k), at % k)),
  }
}

it('collapse to a point or to nothing is told; a single loud feature is none', () => {
  const start = { spread: 0.9, rank: 7, variance: 1e-4 }
  assert.equal(collapseOf(start, start), null)
  assert.equal(collapseOf({ spread: 0.99, rank: 1.01, variance: 3 }, start), null)
  assert.match(collapseOf({ spread: 0.02, rank: 1.1, variance: 1e-4 }, start)!, /spread of 0\.0200/)
  assert.match(collapseOf({ spread: 0.9, rank: 7, variance: 1e-13 }, start)!, /fell from/)
})

it('the first row of a collapse is found in measurements, passing over rows without probes', () => {
  const bare = { time: [0, 1, 2], step: [0, 10, 20], loss: [1, 1, 1], amplitudes: [], passages: [] }
  const variance = { values: [0, 1, 2].map(() => [1, Number.NaN, 1]) }
  const rank = { values: [[5, Number.NaN, 1.01]] }
  const spread = { values: [[0.9, Number.NaN, 0.01]] }
  const found = firstCollapse({ ...bare, probes: { variance, rank, spread } })
  assert.deepEqual([found?.step, found?.time], [20, 2])
  assert.equal(firstCollapse({ ...bare, probes: { variance, rank } }), null)
  assert.equal(firstCollapse({ ...bare, time: [], step: [], probes: { variance: { values: [] } } }), null)
})
