import assert from 'node:assert/strict'
import { it } from 'node:test'
import { gaussianLaw } from '../../src/data/gaussian-law.ts'
import {
  combine,
  diagonal,
  frobenius,
  identity,
  multiply,
  product,
  transpose,
} from '../../src/data/linear-algebra.ts'
import { MomentSampler } from '../../src/data/moment-sampler.ts'
import { openProblem } from '../../src/data/open-problem.ts'
import { type DataSpec, isGaussian } from '../../src/experiment/data-spec.ts'
import type { Matrix } from '../../src/experiment/matrix.ts'
import type { Moments } from '../../src/experiment/measurement.ts'
import { BatchMoments } from '../../workers/objectives/batch-moments.ts'
import { laws } from './example-laws.ts'
import { assertAlike } from './kolmogorov.ts'

const gaussians = Object.entries(laws).filter(([, data]) => isGaussian(data))

async function open(data: DataSpec) {
  const problem = await openProblem(data)
  return { ...problem, law: gaussianLaw(problem.moments, problem.spectrum) }
}

for (const [name, data] of gaussians) {
  it(`the law of ${name} has its population's moments`, async () => {
    const { law, moments, features } = await open(data)
    const { basis: Q, sigma2, slope: M, noise: H } = law
    const S = diagonal(sigma2)
    const near = (what: string, found: Matrix, wanted: Matrix) => {
      const gap = frobenius(combine(1, found, -1, wanted))
      assert.ok(gap < 1e-12 * (1 + frobenius(wanted)), `${what} is off by ${gap}`) // rounding only
    }
    const turned = (inner: Matrix) => product(Q, inner, transpose(Q))
    near("Q'Q", multiply(transpose(Q), Q), identity(features))
    near('Sxx', turned(S), moments.Sxx)
    near('Syx', turned(multiply(M, S)), moments.Syx)
    const explained = product(M, S, transpose(M))
    near('Syy', turned(combine(1, explained, 1, multiply(H, transpose(H)))), moments.Syy)
    assert.equal(law.isDiagonal, !/^(linear|covariance)/.test(name)) // where the moments commute
  })

  it(`minibatch moments of ${name} have the means and covariances of theory`, async () => {
    const { law, moments, features } = await open(data)
    const [rows, steps] = [features + 2, 6000]
    const sampler = new MomentSampler(law, 17)
    const draws = Array.from({ length: steps }, (_, step) => flat(sampler.draw(step, rows)))
    const mean = flat(moments)
    const spread = covarianceOf(moments, rows)
    const size = mean.length
    for (let a = 0; a < size; a++) {
      const found = draws.reduce((sum, draw) => sum + draw[a]!, 0) / steps
      // 5 standard errors: one of the 18 in 10^5 by chance.
      const error = 5 * Math.sqrt(spread(a, a) / steps)
      assert.ok(Math.abs(found - mean[a]!) <= error + 1e-12, `mean ${a} is ${found}, ${mean[a]} ± ${error}`)
      for (let b = 0; b <= a; b++) {
        const products = draws.map((draw) => (draw[a]! - mean[a]!) * (draw[b]! - mean[b]!))
        const first = products.reduce((sum, x) => sum + x, 0) / steps
        const second = products.reduce((sum, x) => sum + (x - first) ** 2, 0) / steps
        // 6 standard errors, estimated from the same heavy-tailed products.
        const limit = 6 * Math.sqrt(second / steps) + 1e-12
        const wanted = spread(a, b)
        assert.ok(
          Math.abs(first - wanted) <= limit,
          `covariance ${a}, ${b} is ${first}, ${wanted} ± ${limit}`,
        )
      }
    }
  })

  for (const more of [0, 5]) {
    it(`minibatch moments of ${name}, n = d + ${more}, are distributed as those of samples`, async () => {
      const { law, features, sampler } = await open(data)
      const [rows, steps] = [features + more, 4000]
      const [moments, samples] = [new MomentSampler(law, 23), sampler(23)]
      const batch = new BatchMoments(features)
      const [drawn, counted] = [moments, samples].map((source) =>
        Array.from({ length: steps }, (_, step) => statistics(batch.draw(source, step, rows))),
      )
      for (const name of Object.keys(drawn![0]!)) {
        const column = (draws: Record<string, number>[]) => draws.map((draw) => draw[name]!)
        assertAlike(name, column(drawn!), column(counted!))
      }
    })
  }
}

it('a draw depends on seed, step and rows alone, and each of them changes it', async () => {
  const { law } = await open(laws['linear system']!)
  const at = (seed: number, step: number, rows: number) => new MomentSampler(law, seed).draw(step, rows)
  const used = new MomentSampler(law, 4)
  for (const step of [3, 1, 9]) used.draw(step, 50)
  assert.deepEqual(used.draw(9, 8), at(4, 9, 8))
  for (const other of [at(5, 9, 8), at(4, 10, 8), at(4, 9, 9)]) assert.notDeepEqual(other, at(4, 9, 8))
})

it('Sxx of a minibatch is symmetric to the last bit', async () => {
  const { law } = await open(laws['rotated gaussian with its own σ_y²']!)
  for (let step = 0; step < 20; step++) {
    const { Sxx } = new MomentSampler(law, 4).draw(step, 8)
    assert.deepEqual(Sxx, transpose(Sxx))
  }
})

it('a minibatch of a million rows has the population’s moments to a thousandth, in the time of a small one', async () => {
  const { law, moments } = await open(laws.covariance!)
  const { Sxx, Syx } = new MomentSampler(law, 4).draw(0, 1_000_000)
  // Entries have standard errors below √(2·2²/10^6) = 2.8e-3.
  assert.ok(frobenius(combine(1, Sxx, -1, moments.Sxx)) < 0.02, 'Sxx')
  assert.ok(frobenius(combine(1, Syx, -1, moments.Syx)) < 0.02, 'Syx')
})

it('fewer rows than features are refused with both numbers', async () => {
  const { law } = await open(laws.covariance!)
  assert.throws(() => new MomentSampler(law, 4).draw(0, 2), /2 rows .* 3 entries/)
})

/** Sxx and Syx in one list, [2 d²]. */
function flat({ Sxx, Syx }: Pick<Moments, 'Sxx' | 'Syx'>): number[] {
  return [...Sxx.data, ...Syx.data]
}

/** Covariances of the entries of `flat` for n rows: E uvst − E uv E st = E us E vt + E ut E vs, by Isserlis. */
function covarianceOf({ Sxx, Syx, Syy }: Moments, n: number): (a: number, b: number) => number {
  const d = Sxx.rows
  type Variable = { isY: boolean; i: number }
  const of = (at: number): [Variable, Variable] => [
    { isY: at >= d * d, i: Math.floor(at / d) % d },
    { isY: false, i: at % d },
  ]
  const second = (u: Variable, v: Variable) =>
    u.isY && v.isY
      ? Syy.data[u.i * d + v.i]!
      : u.isY
        ? Syx.data[u.i * d + v.i]!
        : v.isY
          ? Syx.data[v.i * d + u.i]!
          : Sxx.data[u.i * d + v.i]!
  return (a, b) => {
    const [[u, v], [s, t]] = [of(a), of(b)]
    return (second(u, s) * second(v, t) + second(u, t) * second(v, s)) / n
  }
}

/** Numbers of one minibatch whose laws tell wrong factors apart: entries, and functions of all entries. */
function statistics({ Sxx, Syx }: Pick<Moments, 'Sxx' | 'Syx'>): Record<string, number> {
  const d = Sxx.rows
  const at = (matrix: Matrix, i: number, j: number) => matrix.data[i * d + j]!
  const all: Record<string, number> = {}
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      if (i <= j) all[`Sxx ${i} ${j}`] = at(Sxx, i, j)
      all[`Syx ${i} ${j}`] = at(Syx, i, j)
    }
  }
  all['|Sxx|'] = frobenius(Sxx)
  all['|Syx|'] = frobenius(Syx)
  all['Syx against Sxx'] = at(Syx, 0, 0) * at(Sxx, 1, 1) - at(Syx, 0, 1) * at(Sxx, 0, 1)
  all['|Syx Sxx|'] = frobenius(multiply(Syx, Sxx))
  all['Sxx minor'] = at(Sxx, 0, 0) * at(Sxx, 1, 1) - at(Sxx, 0, 1) ** 2
  // Where x does not vary, one way gives 0 and the other the root of an eigenvalue that is rounding.
  return Object.fromEntries(Object.entries(all).map(([name, x]) => [name, Math.abs(x) < 1e-6 ? 0 : x]))
}
