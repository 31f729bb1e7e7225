import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ExperimentSpec } from '../../src/experiment/spec.ts'
import { gaussianCollapseShare, unbalancedEnd } from '../../src/theory/unbalanced.ts'
import { referenceEngine } from '../../workers/engines/reference/engine.ts'
import { train } from '../engines/runs.ts'
import { flowFor } from './numerics.ts'

/** v and w_a after a long flow, from the gradients of one feature (σ² = 1, λ = ρ). */
function flowEnd(objective: 'jepa' | 'mae', rho: number, decoder: number, layers: number[]) {
  const field = (state: Float64Array) => {
    const [v, w] = [state[0]!, Array.from(state.subarray(1))]
    const encoder = w.reduce((p, x) => p * x, 1)
    const residual = v * encoder - rho * (objective === 'jepa' ? encoder : 1)
    const others = (a: number) => w.reduce((p, x, b) => (a === b ? p : p * x), v)
    return Float64Array.from([-residual * encoder, ...w.map((_, a) => -residual * others(a))])
  }
  const [v, ...w] = flowFor(field, [decoder, ...layers], 3e3, 1e-8)
  return { decoder: v!, amplitude: Math.abs(w.reduce((p, x) => p * x, 1)) }
}

const starts: [number, number, number[]][] = [
  [0.5, 0.05, [0.1, 0.2]],
  [0.5, 0.9, [0.8, 0.85]], // above ρ, all c below ρ²: shrinks but survives
  [0.5, 0.9, [0.05, 0.05]], // above ρ, c over ρ²: collapses
  [0.5, 0.55, [0.3, 0.2]],
  [0.5, -0.05, [0.1, 0.2]], // v passes 0 before any layer
  [0.5, -0.2, [0.1, 0.3]], // a layer reaches 0 first
  [0.5, -0.3, [0.4]],
  [0.5, 0.2, [-0.1, 0.3]],
  [0.5, 0, [0.3, 0.4]],
  [-0.5, 0.05, [0.1, 0.2]], // λ < 0 asks for v < 0
  [-0.5, -0.2, [0.1, 0.15]],
]
for (const objective of ['jepa', 'mae'] as const) {
  for (const [rho, decoder, layers] of starts) {
    it(`${objective} from v ${decoder}, w ${layers} at ρ ${rho} ends where the conserved quantities say`, () => {
      const end = unbalancedEnd(objective, { rho, decoder, layers })
      const flow = flowEnd(objective, rho, decoder, layers)
      // a collapse of equal layers is algebraically slow: w̄ falls as a power of time
      const tolerance = end.collapsed ? 1e-2 : 1e-6
      const seen = `flow ${flow.amplitude}, ${flow.decoder}; theory ${end.amplitude}, ${end.decoder}`
      assert.ok(Math.abs(flow.amplitude - end.amplitude) < tolerance, seen)
      assert.ok(Math.abs(flow.decoder - end.decoder) < tolerance, seen)
    })
  }
}

it('jepa collapses just past the criterion and not just before it', () => {
  const at = (decoder: number, first: number) =>
    unbalancedEnd('jepa', { rho: 0.5, decoder, layers: [first, 1] }).collapsed
  const edge = Math.sqrt(0.81 - 0.25) // c = ρ² for v₀ = 0.9
  assert.deepEqual([at(0.9, edge * 1.0001), at(0.9, edge * 0.9999)], [false, true])
  assert.deepEqual([at(-0.2, 0.2001), at(-0.2, 0.1999)], [false, true]) // c = 0 for v₀ < 0
})

it('mae never collapses from unequal gains, and sits at its saddle from equal ones of the wrong sign', () => {
  assert.equal(unbalancedEnd('mae', { rho: 0.5, decoder: -0.3, layers: [0.1, 0.2] }).collapsed, false)
  assert.deepEqual(unbalancedEnd('mae', { rho: 0.5, decoder: -0.3, layers: [0.3] }), {
    amplitude: 0,
    decoder: -0,
    collapsed: true,
  })
})

it('an encoder of gain 0 gives jepa nothing to move', () => {
  assert.deepEqual(unbalancedEnd('jepa', { rho: 0.5, decoder: 0.3, layers: [0, 0.4] }), {
    amplitude: 0,
    decoder: 0.3,
    collapsed: true,
  })
})

it('trained unbalanced features collapse or survive as the criterion says', async () => {
  const [rho, decoder, first, second] = [
    [0.5, 0.8, 0.6, 0.9],
    [0.3, 1.1, -0.1, -0.3],
    [0.4, 0.4, 0.3, 0.2],
    [0.5, 0.6, 0.4, 0.4],
  ] as const
  const diagonal = (values: readonly number[]) =>
    values.map((x, i) => values.map((_, j) => (i === j ? x : 0)))
  const spec: ExperimentSpec = {
    objective: 'jepa',
    data: { kind: 'gaussian', lambda: [...rho], rho: [...rho] },
    model: { kind: 'deep-linear', depth: 2 },
    init: { kind: 'explicit', layers: [diagonal(first), diagonal(second)], decoder: diagonal(decoder) },
    training: { mode: 'flow', time: 3e4 },
  }
  const { measurements } = await train(referenceEngine, spec)
  for (const [i, r] of rho.entries()) {
    const end = unbalancedEnd('jepa', { rho: r, decoder: decoder[i]!, layers: [first[i]!, second[i]!] })
    const seen = measurements.amplitudes[i]!.at(-1)!
    const tolerance = end.collapsed ? 0.02 : 1e-6 // algebraic decay
    assert.ok(Math.abs(seen - end.amplitude) < tolerance, `feature ${i}: ${seen}, theory ${end.amplitude}`)
  }
})

it('the scalar collapse share is that of random signs and sizes', () => {
  assert.deepEqual([1, 2, 3].map(gaussianCollapseShare), [1 / 4, 1 / 3, 3 / 8])
})
