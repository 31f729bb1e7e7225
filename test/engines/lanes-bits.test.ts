import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import type { Precision } from '../../src/experiment/training-spec.ts'
import { openLanesEngine } from '../../workers/engines/lanes/engine.ts'
import { type LanesName, lanesHere } from '../../workers/engines/lanes/native.ts'
import { fingerprints, lanesSkip } from './lanes.ts'
import { Dice } from './random-specs.ts'

const MANY = 1000
const SEVEN = [0, 1, 17, 250, 511, 777, 999] // of them

/** Runs of one shape that share nothing else. */
function specOf(run: number, training: ExperimentSpec['training']): ExperimentSpec {
  const dice = new Dice(run)
  return {
    objective: 'jepa',
    data: { kind: 'gaussian', lambda: dice.list(4, 0.4, 1.2), rho: dice.list(4, 0.4, 0.95) },
    model: { kind: 'deep-linear', depth: 2 },
    init: { kind: 'gaussian', scale: dice.number(0.05, 0.5) },
    training,
    measure: { points: 6 },
    seed: run,
  }
}

const common = { learningRate: 0.05, steps: 120 }
const TRAININGS: Record<string, (run: number) => ExperimentSpec['training']> = {
  'compensated descent': (run) => ({ mode: 'gradient-descent', ...common, steps: 100 + (run % 50) }),
  'float64 descent': () => ({ mode: 'gradient-descent', ...common, precision: 'float64', momentum: 0.4 }),
  'float32 descent on a schedule': () => ({
    ...{ mode: 'gradient-descent', ...common, precision: 'float32', schedule: { kind: 'cosine', warmup: 9 } },
  }),
  'int8x3 descent': () => ({ mode: 'gradient-descent', ...common, precision: 'int8x3' }),
  'int8x3 sgd by moments': () => ({
    ...{ mode: 'sgd', ...common, precision: 'int8x3', batchSize: 8, draws: 'moments' },
  }),
  flow: (run) => ({ mode: 'flow', time: 20 + (run % 7) }),
  'sgd by moments': () => ({ mode: 'sgd', ...common, batchSize: 8, draws: 'moments' }),
  'sgd by samples': () => ({ mode: 'sgd', ...common, steps: 12, batchSize: 8, draws: 'samples' }),
}

/** Precisions of wide runs, and as many steps as take seconds without tiles and vectors. */
const WIDE = [
  ['compensated', 20],
  ['int8x3', 3],
] as const

describe('the bits of a run on lanes', { skip: lanesSkip }, () => {
  if (lanesSkip) return
  const here = lanesHere()
  for (const [name, training] of Object.entries(TRAININGS)) {
    it(`${name}: depend on no neighbour, lane, order, batch or thread`, async () => {
      const specs = Array.from({ length: MANY }, (_, run) => specOf(run, training(run)))
      const engine = openLanesEngine({ threads: 1 })
      const all = await fingerprints(engine, specs)
      const some = SEVEN.map((run) => specs[run]!)
      const wanted = SEVEN.map((run) => all[run]!)
      for (const [s, spec] of some.entries())
        assert.deepEqual(await fingerprints(engine, [spec]), [wanted[s]])
      assert.deepEqual(await fingerprints(engine, some), wanted)
      const [mixed, order] = shuffled(specs)
      const again = await fingerprints(openLanesEngine({ threads: 2 }), mixed)
      assert.deepEqual(
        again,
        order.map((run) => all[run]),
      )
      assert.equal(new Set(all).size, MANY) // no two runs are one
    })
  }

  for (const name of ['portable', 'avx2', 'avx512'] as const) {
    const skip = here.includes(name) ? false : `this CPU or set-up has no ${name}`
    it(`${name} has the bits of the fastest build`, { skip }, async () => {
      for (const training of Object.values(TRAININGS)) {
        const specs = SEVEN.map((run) => specOf(run, training(run)))
        assert.deepEqual(
          await fingerprints(openLanesEngine({ name }), specs),
          await fingerprints(openLanesEngine(), specs),
        )
      }
    })

    for (const [precision, steps] of WIDE) {
      it(`${name} has the bits of one run at a time where runs are wide and ${precision}`, {
        skip,
      }, async () => {
        const wide = SEVEN.map((run) => wideSpec(run, { precision, steps }))
        const engine = openLanesEngine({ name: name as LanesName, threads: 2 })
        const alone = await Promise.all(wide.map(async (spec) => (await fingerprints(engine, [spec]))[0]))
        assert.deepEqual(await fingerprints(openLanesEngine({ threads: 1 }), wide), alone)
      })
    }
  }

  it('of int8x3 are not those of compensated', async () => {
    const [whole, floats] = (['int8x3', 'compensated'] as const).map((precision) =>
      wideSpec(0, { precision, steps: 1 }),
    )
    assert.notDeepEqual(
      await fingerprints(openLanesEngine(), [whole!]),
      await fingerprints(openLanesEngine(), [floats!]),
    )
  })
})

function wideSpec(run: number, asked: { precision: Precision; steps: number }): ExperimentSpec {
  const dice = new Dice(run)
  return {
    ...specOf(run, { mode: 'gradient-descent', learningRate: 0.05, ...asked }),
    data: { kind: 'gaussian', lambda: dice.list(70, 0.4, 1.2), rho: dice.list(70, 0.4, 0.95) },
    model: { kind: 'deep-linear', depth: 2, width: 75 },
  }
}

/** The list in another order, and the index that each place had. */
function shuffled<T>(list: readonly T[]): [T[], number[]] {
  const dice = new Dice(77)
  const order = list.map((_, i) => ({ i, key: dice.number(0, 1) })).sort((a, b) => a.key - b.key)
  return [order.map(({ i }) => list[i]!), order.map(({ i }) => i)]
}
