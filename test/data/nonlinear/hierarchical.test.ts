import assert from 'node:assert/strict'
import { it } from 'node:test'
import { symmetricEigen } from '../../../src/data/linear-algebra.ts'
import { generatorOf } from '../../../src/data/nonlinear/families.ts'
import { normals } from '../../../src/data/normal.ts'
import { zeros } from '../../../src/experiment/matrix.ts'
import { families, openNonlinear } from './families.ts'

const [b, w, slope] = [2, 3, 0.2]
const data = { ...families.hierarchical, slope }
const m = 7

/** The states of a node and the latents of its children, by least squares on the children's states before φ. */
function parentOf(
  states: number[][],
  T: Float64Array,
  v: Float64Array,
): { state: number[]; latents: number[] } {
  const n = w + b
  const rows: number[][] = []
  const seen: number[] = []
  for (let c = 0; c < b; c++) {
    for (let i = 0; i < w; i++) {
      const h = states[c]![i]!
      seen.push(h < 0 ? h / slope : h)
      rows.push([
        ...Array.from({ length: w }, (_, j) => T[j * b * w + c * w + i]!),
        ...Array.from({ length: b }, (_, k) => (k === c ? v[i]! : 0)),
      ])
    }
  }
  const gram = zeros(n, n)
  const right = new Array<number>(n).fill(0)
  for (const [r, row] of rows.entries()) {
    for (let i = 0; i < n; i++) {
      right[i]! += row[i]! * seen[r]!
      for (let j = 0; j < n; j++) gram.data[i * n + j]! += row[i]! * row[j]!
    }
  }
  const { values, vectors } = symmetricEigen(gram)
  const solution = Array.from({ length: n }, (_, i) => {
    let sum = 0
    for (let k = 0; k < n; k++) {
      let along = 0
      for (let j = 0; j < n; j++) along += vectors.data[j * n + k]! * right[j]!
      sum += (vectors.data[i * n + k]! * along) / values[k]!
    }
    return sum
  })
  return { state: solution.slice(0, w), latents: solution.slice(w) }
}

it('every latent of a tree follows from the leaves, from the bottom up', () => {
  const generator = generatorOf(data)
  const z = normals(20 * m, { seed: 1, stream: 91, step: 0 })
  const x = generator.render(z, 20)
  for (let r = 0; r < 20; r++) {
    let states = Array.from({ length: 4 }, (_, k) => [...x.subarray((4 * r + k) * w, (4 * r + k + 1) * w)])
    const found: number[] = []
    for (let level = 2; level >= 1; level--) {
      const { data: T } = generator.parameters[`T${level}`]!
      const { data: v } = generator.parameters[`v${level}`]!
      const parents = Array.from({ length: states.length / b }, (_, p) =>
        parentOf(states.slice(b * p, b * (p + 1)), T, v),
      )
      found.unshift(...parents.flatMap(({ latents }) => latents))
      states = parents.map(({ state }) => state)
    }
    const { data: v0 } = generator.parameters.v0!
    const h0 = states[0]!.map((h) => (h < 0 ? h / slope : h))
    found.unshift(h0.reduce((sum, h, i) => sum + h * v0[i]!, 0)) // |v| = 1
    for (let i = 0; i < m; i++) {
      const error = Math.abs(found[i]! - z[r * m + i]!)
      assert.ok(error < 1e-9, `latent ${i} of row ${r} is off by ${error}`) // rounding, times the teacher's condition
    }
  }
})

it('the root moves every leaf, a node its own leaves alone', () => {
  const generator = generatorOf(data)
  const z = normals(m, { seed: 2, stream: 91, step: 0 })
  const still = generator.render(z, 1)
  const reached = Array.from({ length: m }, (_, i) => {
    const moved = z.slice()
    moved[i] = moved[i]! + 0.5
    const x = generator.render(moved, 1)
    return [0, 1, 2, 3].filter((leaf) => [0, 1, 2].some((j) => x[leaf * w + j] !== still[leaf * w + j]))
  })
  assert.deepEqual(reached, [[0, 1, 2, 3], [0, 1], [2, 3], [0], [1], [2], [3]])
})

it('latents that move several leaves are louder than those of one leaf, at the same variance', async () => {
  const { latents } = await openNonlinear({
    ...data,
    channels: 16,
    lambda: [0.5, 0.5, 0.5],
    rho: [0.5, 0.5, 0.5],
  })
  const mean = (from: number, to: number) =>
    latents.loudness.slice(from, to).reduce((sum, share) => sum + share, 0) / (to - from)
  const [root, child, leaf] = [mean(0, 1), mean(1, 3), mean(3, 7)]
  assert.ok(root > 1.5 * leaf && child > 1.5 * leaf, `${root}, ${child}, ${leaf}`) // they move four, two and one
})
