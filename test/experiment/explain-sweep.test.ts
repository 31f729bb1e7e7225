import assert from 'node:assert/strict'
import { it } from 'node:test'
import { schemaFaults } from '../../src/experiment/schema.ts'
import { SweepSpec } from '../../src/experiment/sweep.ts'

const base = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1], rho: [0.5] },
  model: { kind: 'deep-linear', depth: 2 },
  init: { kind: 'balanced', scale: 0.01 },
  training: { mode: 'flow', time: 1 },
}

const cases: [title: string, change: object, pointer: string, message: RegExp][] = [
  [
    'a number for an axis names the forms of one',
    { axes: { seed: 5 } },
    '/axes/seed',
    /neither a list nor an object with one of the fields log, linear, seeds/,
  ],
  ['an axis of no values is refused', { axes: { seed: [] } }, '/axes/seed', /0 entries; give at least 1/],
  [
    'a misspelt scale suggests the nearest',
    { axes: { 'init.scale': { liner: [0, 1] } } },
    '/axes/init.scale',
    /log, linear, seeds\. Did you mean linear\?/,
  ],
  [
    'a scale with one end is refused in its own words',
    { axes: { 'init.scale': { log: [1] } } },
    '/axes/init.scale/log',
    /1 entries; give at least 2/,
  ],
  [
    'an end that is a text is refused at its place',
    { axes: { 'init.scale': { log: [1, '2'] } } },
    '/axes/init.scale/log/1',
    /"2" is not a number/,
  ],
  [
    'an end beyond the finite numbers is refused at its place',
    { axes: { 'init.scale': { linear: [0, JSON.parse('1e999')] } } },
    '/axes/init.scale/linear/1',
    /not finite/,
  ],
  [
    'a path that is none is refused with what a path is',
    { axes: { 'init scale': [1] } },
    '/axes/init scale',
    /"init scale" does not match/,
  ],
  [
    'a path with a line break is held to the schema too',
    { axes: { 'seed\n': 5 } },
    '/axes/seed\n',
    /does not match/,
  ],
  ['an unknown claim suggests the nearest', { claim: 'inversoin' }, '/claim', /Did you mean inversion\?/],
  [
    'an unknown question names the known ones',
    { question: 'greddy' },
    '/question',
    /"greddy" does not match .*greedy\|orders-differ/,
  ],
  [
    'a fault of the base has the path of the base',
    { base: { ...base, seed: -1 } },
    '/base/seed',
    /-1 is below 0/,
  ],
]

for (const [title, change, pointer, message] of cases) {
  it(title, () => {
    const [fault, ...others] = schemaFaults(SweepSpec, { base, axes: { seed: [1] }, ...change })
    assert.deepEqual([fault?.pointer, others], [pointer, []])
    assert.match(fault!.message, message)
  })
}

it('the four forms of an axis have no fault', () => {
  const axes = {
    'model.depth': [1, 2],
    'init.scale': { log: [1e-3, 1], count: 5 },
    'data.rho.0': { linear: [0, 1] },
    seed: { seeds: 4 },
  }
  assert.deepEqual(schemaFaults(SweepSpec, { base, axes }), [])
})
