import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ModelSpec } from '../../src/experiment/model-spec.ts'
import { netLayers } from '../../src/experiment/net-layers.ts'
import { resolveNet } from '../../src/experiment/resolve-net.ts'
import type { Objective } from '../../src/experiment/spec.ts'
import { netStart } from '../../workers/models/net-start.ts'
import { orthonormal } from '../../workers/models/orthonormal.ts'

type AskedNet = Exclude<ModelSpec, { kind: 'deep-linear' }>
const mlp: AskedNet = { kind: 'mlp', depth: 2, width: 128, outputs: 32, activation: 'relu' }
const convolutional: AskedNet = { kind: 'convolutional', channels: [16, 64], activation: 'tanh', kernel: 5 }

function start(
  model: AskedNet,
  shape: readonly number[],
  init: { kind: 'gaussian' | 'orthogonal'; scale: number },
  objective: Objective = 'jepa',
) {
  return netStart(netLayers(resolveNet(model, objective), shape, objective), init, 3)
}

const meanSquare = (data: ArrayLike<number>) =>
  Array.from(data).reduce((sum, x) => sum + x * x, 0) / data.length

it('gaussian kernels have the variance of their fan-in and activation, times scale^(2/L)', () => {
  const weights = start(mlp, [64], { kind: 'gaussian', scale: 1e-3 }) // L = 3, so each layer has 1/10
  for (const [name, variance] of [
    ['encoder.0', 2 / 64],
    ['encoder.1', 2 / 128],
    ['encoder.2', 1 / 128],
    ['predictor.0', 1 / 32],
  ] as const) {
    const found = meanSquare(weights[`${name}.kernel`]!.data) / (variance * 0.01)
    assert.ok(Math.abs(found - 1) < 0.1, `${name} has ${found} of its variance`) // 1,024 entries: 4.4 % at one σ
    assert.ok(weights[`${name}.bias`]!.data.every((x) => x === 0))
  }
  const kernels = start(convolutional, [16, 16, 3], { kind: 'gaussian', scale: 1 })
  assert.deepEqual(kernels['encoder.1.kernel']!.shape, [5, 5, 16, 64])
  assert.ok(Math.abs(meanSquare(kernels['encoder.1.kernel']!.data) * 25 * 16 - 1) < 0.05)
})

it('orthogonal kernels have orthonormal columns, or rows where these are fewer, times their gain', () => {
  const normals = Float64Array.from({ length: 7 * 4 }, (_, k) => Math.sin(k * k + 1))
  for (const [rows, cols] of [
    [7, 4],
    [4, 7],
  ] as const) {
    const Q = orthonormal(normals, rows, cols)
    const few = Math.min(rows, cols)
    const entry = (i: number, k: number) => (cols <= rows ? Q[k * cols + i]! : Q[i * cols + k]!)
    for (let i = 0; i < few; i++) {
      for (let j = 0; j <= i; j++) {
        let product = 0
        for (let k = 0; k < Math.max(rows, cols); k++) product += entry(i, k) * entry(j, k)
        assert.ok(Math.abs(product - (i === j ? 1 : 0)) < 1e-14, `(${i}, ${j}) is ${product}`)
      }
    }
  }
  const weights = start(mlp, [64], { kind: 'orthogonal', scale: 1 })
  assert.ok(Math.abs(meanSquare(weights['encoder.1.kernel']!.data) * 128 - 2) < 1e-6)
})

it('a start is its seed’s, and twins of one base have the same encoder', () => {
  const init = { kind: 'gaussian', scale: 0.1 } as const
  const [jepa, mae] = [start(mlp, [8], init), start(mlp, [8], init, 'mae')]
  assert.deepEqual(jepa, start(mlp, [8], init))
  for (const name of Object.keys(jepa).filter((each) => each.startsWith('encoder.'))) {
    assert.deepEqual(jepa[name], mae[name])
  }
})

it('layers fit each other: what one makes the next one takes', () => {
  const models: [AskedNet, number[]][] = [
    [mlp, [12]],
    [mlp, [4, 4, 3]],
    [convolutional, [16, 16, 3]],
    [{ ...convolutional, pooling: 'average', residual: true, decoder: { kind: 'transposed' } }, [9, 9, 1]],
    [{ ...convolutional, stride: 1, predictor: { kind: 'mlp', width: 5, depth: 2 } }, [5, 5, 2]],
  ]
  for (const [model, shape] of models) {
    for (const objective of ['jepa', 'mae'] as const) {
      const { encoder, head } = netLayers(resolveNet(model, objective), shape, objective)
      const ends = (size: number | readonly number[]) => (typeof size === 'number' ? [size] : [...size])
      let now = [...shape]
      for (const layer of [...encoder, ...head]) {
        assert.deepEqual(ends(layer.from), now, JSON.stringify(layer))
        now = ends(layer.to)
      }
      assert.deepEqual(now, objective === 'mae' ? shape : [model.outputs ?? 64])
    }
  }
})
