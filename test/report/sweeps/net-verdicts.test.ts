import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { SweepSpec } from '../../../src/experiment/sweep.ts'
import type { SweepRun, Verdict } from '../../../src/experiment/sweep-view.ts'
import { analyseSweep } from '../../../src/report/sweeps/analysis.ts'
import { netSpec, netSweep } from '../net-runs.ts'

const axes = { objective: ['jepa', 'mae'], 'model.depth': [1, 2], seed: { seeds: 4 } }
const { spec, runs } = await netSweep({ base: netSpec, axes })

type Told = Readonly<Record<'jepa' | 'mae', (seed: number, depth: number) => number[]>>

/** The runs as if their latents had ended so; ρ of netSpec rises along them. */
function ended(values: Told): SweepRun[] {
  return runs.map((run) => {
    const {
      objective,
      seed,
      'model.depth': depth,
    } = run.point as { objective: 'jepa' | 'mae'; seed: number; 'model.depth': number }
    const final = values[objective](seed, depth)
    return { ...run, amplitudes: { final, fixedPoint: final.map(() => null) } }
  })
}

function verdictOf(of: readonly SweepRun[], claim: 'jepa-keeps-by-rho' | 'jepa-loses-classes'): Verdict {
  return analyseSweep({ ...spec, claim } as SweepSpec, of).verdict!
}

const all = () => [0.97, 0.98, 0.98, 0.99]
const byRho = (seed: number) => [0.1 + 0.01 * seed, 0.5, 0.9, 0.99]

it('what is kept goes with ρ where JEPA leans to high ρ more than MAE, and not where it leans away', () => {
  const upheld = verdictOf(ended({ jepa: byRho, mae: all }), 'jepa-keeps-by-rho')
  assert.equal(upheld.holds, true, upheld.because)
  assert.match(upheld.because, /by 0\.855 \(.*, 4 pairs\) at depth 1, 0\.855 .* at depth 2\.$/)
  assert.equal(Number(upheld.figures[0]!.measured!.toFixed(9)), 0.855)
  assert.equal(
    verdictOf(ended({ jepa: (seed) => byRho(seed).reverse(), mae: all }), 'jepa-keeps-by-rho').holds,
    false,
  )
})

it('what is kept stays open where 0 is in the interval, and where a run is missing', () => {
  const mixed = (seed: number) => (seed % 2 === 0 ? byRho(seed) : byRho(seed).reverse())
  assert.equal(verdictOf(ended({ jepa: mixed, mae: all }), 'jepa-keeps-by-rho').holds, null)
  const upheld = ended({ jepa: byRho, mae: all })
  const unfinished = upheld.map((run, k) => (k === 0 ? { ...run, state: 'diverged' as const } : run))
  assert.equal(verdictOf(unfinished, 'jepa-keeps-by-rho').holds, null)
  assert.equal(verdictOf([], 'jepa-keeps-by-rho').holds, null)
})

it('points at which JEPA ends with half of nothing are named and decide nothing', () => {
  const shallow = (seed: number, depth: number) => (depth === 1 ? byRho(seed) : [0, 0, 0.1, 0.4])
  const { holds, because, figures } = verdictOf(ended({ jepa: shallow, mae: all }), 'jepa-keeps-by-rho')
  assert.equal(holds, true)
  assert.equal(figures.length, 3)
  assert.match(because, /At depth 2 it ends with half of none\.$/)
  const none = verdictOf(ended({ jepa: () => [0, 0, 0, 0], mae: all }), 'jepa-keeps-by-rho')
  assert.equal(none.holds, null)
  assert.match(none.because, /No net by JEPA ends with half of any latent/)
})

/** The runs as if they had told classes so well. */
function classified(gain: Readonly<Record<'jepa' | 'mae', (seed: number) => number>>): SweepRun[] {
  return runs.map((run) => {
    const { objective, seed } = run.point as { objective: 'jepa' | 'mae'; seed: number }
    return { ...run, accuracy: { initial: 0.6, final: 0.6 + gain[objective](seed) } }
  })
}

const falls = (seed: number) => -0.2 - 0.01 * seed
const rises = (seed: number) => 0.2 + 0.01 * seed

it('classes are lost where accuracy falls under JEPA and rises under MAE, at every point', () => {
  const upheld = verdictOf(classified({ jepa: falls, mae: rises }), 'jepa-loses-classes')
  assert.equal(upheld.holds, true, upheld.because)
  assert.match(upheld.because, /-0\.215 \(.*, 4 runs\) for JEPA at depth 1, .* for MAE at depth 2\.$/)
  assert.equal(upheld.figures.length, 4)
  assert.equal(verdictOf(classified({ jepa: rises, mae: rises }), 'jepa-loses-classes').holds, false)
  assert.equal(verdictOf(classified({ jepa: falls, mae: falls }), 'jepa-loses-classes').holds, false)
})

it('whether classes are lost stays open where 0 is in an interval, and where nothing was classified', () => {
  const either = (seed: number) => (seed % 2 === 0 ? -0.1 : 0.1)
  assert.equal(verdictOf(classified({ jepa: either, mae: rises }), 'jepa-loses-classes').holds, null)
  assert.equal(verdictOf(runs, 'jepa-loses-classes').holds, null)
})

it('groups have the accuracy before and after, and what was gained run by run', () => {
  const { groups } = analyseSweep(spec, classified({ jepa: falls, mae: rises }))
  const [jepa] = groups!
  assert.equal(jepa!.accuracy!.initial.mean, 0.6)
  assert.ok(Math.abs(jepa!.accuracy!.gain.mean! + 0.215) < 1e-12)
  const [plain] = analyseSweep(spec, runs).groups!
  assert.equal(plain!.accuracy, undefined)
})
