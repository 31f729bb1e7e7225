import assert from 'node:assert/strict'
import { it } from 'node:test'
import { schemaFaults } from '../../src/experiment/schema.ts'
import { ExperimentSpec } from '../../src/experiment/spec.ts'

const good = {
  objective: 'jepa',
  data: { kind: 'gaussian', lambda: [1], rho: [0.5] },
  model: { kind: 'deep-linear', depth: 2 },
  init: { kind: 'balanced', scale: 0.01 },
  training: { mode: 'flow', time: 1 },
}

const cases: [title: string, change: object, faults: [pointer: string, message: RegExp][]][] = [
  [
    'an unknown objective names the known ones',
    { objective: 'mea' },
    [['/objective', /"jepa", "mae".*mean jepa/]],
  ],
  ['a missing field is named', { init: { kind: 'balanced' } }, [['/init/scale', /scale is missing/]]],
  [
    'an unknown kind lists the known and suggests the nearest',
    { data: { kind: 'gausian', lambda: [1] } },
    [['/data/kind', /gaussian, static-noise.*Did you mean gaussian\?/]],
  ],
  [
    'a missing kind lists the known',
    { data: {} },
    [['/data/kind', /kind is missing; it is one of gaussian/]],
  ],
  [
    'a misspelt field suggests the nearest',
    { data: { ...good.data, lamda: [1] } },
    [['/data/lamda', /no field lamda here. Did you mean lambda\?/]],
  ],
  [
    'a field of another branch is unknown in the branch that was chosen',
    { training: { mode: 'flow', time: 1, learningRate: 0.1 } },
    [['/training/learningRate', /no field learningRate here. The fields are mode, time, precision/]],
  ],
  [
    'the branch chosen by mode alone speaks',
    { training: { mode: 'sgd', learningRate: 0 } },
    [
      ['/training/learningRate', /0 is not above 0/],
      ['/training/batchSize', /missing/],
    ],
  ],
  [
    'an inner union chooses by kind too',
    { training: { mode: 'sgd', learningRate: 1, batchSize: 1, schedule: { kind: 'cosin' } } },
    [['/training/schedule/kind', /cosine, steps. Did you mean cosine/]],
  ],
  [
    'a text for a number says so',
    { model: { kind: 'deep-linear', depth: '2' } },
    [['/model/depth', /"2" is not a number; write it without quotes/]],
  ],
  [
    'a number beyond the finite ones is refused',
    { data: { ...good.data, lambda: [1, JSON.parse('1e999')] } },
    [['/data/lambda/1', /not finite/]],
  ],
  ['a name is escaped in its pointer', { 'a/b~c': 1 }, [['/a~1b~0c', /no field a\/b~c/]]],
  ['null is no object', { data: null }, [['/data', /null is not an object/]]],
]

for (const [title, change, expected] of cases) {
  it(title, () => {
    const faults = schemaFaults(ExperimentSpec, { ...good, ...change })
    assert.deepEqual(
      faults.map(({ pointer }) => pointer),
      expected.map(([pointer]) => pointer),
    )
    for (const [i, [, message]] of expected.entries()) assert.match(faults[i]!.message, message)
  })
}

it('a good spec has no fault', () => assert.deepEqual(schemaFaults(ExperimentSpec, good), []))

it('a thousand faults are told as twenty', () => {
  const lambda = Array.from({ length: 1000 }, () => 'x')
  assert.equal(schemaFaults(ExperimentSpec, { ...good, data: { ...good.data, lambda } }).length, 20)
})
