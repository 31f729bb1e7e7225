import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fillUniforms, STREAMS } from '../../src/data/philox.ts'
import { readInstallation } from '../../src/experiment/installation.ts'
import { lanesHere, openLanes } from '../../workers/engines/lanes/native.ts'
import type { ProductCall } from '../../workers/engines/lanes/product.ts'
import { plainMultiply } from '../../workers/probes/representation/product.ts'

const { lanes, failures } = readInstallation()
const names = lanes === null ? [] : lanesHere().filter((name) => name !== 'cuda')
const skip = lanes === null ? `not here: ${failures.lanes?.fact ?? 'not built'}` : false

/** Uniforms over many magnitudes, of both signs, some of them 0. */
function numbers(count: number, step: number): Float64Array {
  const values = new Float64Array(count)
  fillUniforms(values, { seed: 7, stream: STREAMS.choice, step })
  return values.map((u, i) => (i % 11 === 3 ? 0 : (u - 0.5) * 10 ** (i % 13)))
}

/** A [m][k] times B [k][n], each as it is or turned over in memory. */
function call([m, n, k]: readonly [number, number, number], turned: { a: boolean; b: boolean }): ProductCall {
  return {
    ...{ m, n, k, lower: 0, out: new Float64Array(m * n).fill(Number.NaN) },
    ...{ a: numbers(m * k, 1), aRow: turned.a ? 1 : k, aCol: turned.a ? m : 1 },
    ...{ b: numbers(k * n, 2), bRow: turned.b ? 1 : n, bCol: turned.b ? k : 1 },
  }
}

const SIZES = [1, 2, 3, 4, 5, 8, 15, 16, 17, 33]
const DEPTHS = [1, 2, 127, 128, 129, 300] // a slice of the kernels is 128

describe('the product of the lanes kernels', { skip }, () => {
  for (const name of names) {
    const { multiply } = openLanes(name)

    it(`of ${name} has the bits of plain loops, for every shape and either way round`, () => {
      let entries = 0
      for (const [s, m] of SIZES.entries()) {
        for (const n of SIZES) {
          const k = DEPTHS[(s + n) % DEPTHS.length]!
          for (const turned of [
            { a: false, b: false },
            { a: true, b: false },
            { a: false, b: true },
          ]) {
            const [mine, plain] = [call([m, n, k], turned), call([m, n, k], turned)]
            multiply(mine)
            plainMultiply(plain)
            assert.deepEqual(mine.out, plain.out, `${m} × ${k} times ${k} × ${n}`)
            entries += m * n
          }
        }
      }
      assert.ok(entries > 10_000)
    })

    it(`of ${name} leaves nothing of the lower half out`, () => {
      for (const n of SIZES) {
        const [half, whole] = [1, 0].map((lower) => {
          const out = new Float64Array(n * n).fill(Number.NaN)
          const [a, b] = [numbers(200 * n, 3), numbers(200 * n, 3)]
          return { m: n, n, k: 200, lower: lower as 0 | 1, out, a, aRow: 1, aCol: n, b, bRow: n, bCol: 1 }
        }) as [ProductCall, ProductCall]
        multiply(half)
        multiply(whole)
        for (let i = 0; i < n; i++) {
          for (let j = 0; j <= i; j++)
            assert.equal(half.out[i * n + j], whole.out[i * n + j], `${i}, ${j} of ${n}`)
        }
      }
    })

    it(`of ${name} over no numbers at all is 0`, () => {
      const empty = { ...call([3, 2, 1], { a: false, b: false }), k: 0 }
      multiply(empty)
      assert.deepEqual([...empty.out], [0, 0, 0, 0, 0, 0])
    })

    it(`of ${name} refuses what does not fit, by name, and touches nothing`, () => {
      const good = call([3, 5, 4], { a: false, b: false })
      const wrong: [Partial<Record<keyof ProductCall, unknown>>, object][] = [
        [{ a: new Float64Array(11) }, { name: 'TypeError', message: /^a has 11 elements; 12 are needed/ }],
        [{ bCol: 2 }, { name: 'TypeError', message: /^b has 20 elements; 24 are needed/ }],
        [
          { out: new Float64Array(14) },
          { name: 'TypeError', message: /^out has 14 elements; 15 are needed/ },
        ],
        [{ a: new Float32Array(12) }, { name: 'TypeError', message: /^a is no Float64Array/ }],
        [{ aRow: 1.5 }, { name: 'TypeError', message: /^aRow is 1\.5/ }],
        [{ m: -1 }, { name: 'LanesFault', message: /badShape/ }],
        [{ aRow: -4 }, { name: 'LanesFault', message: /badShape/ }],
        [{ b: null }, { name: 'LanesFault', message: /badPointer/ }],
      ]
      for (const [change, error] of wrong)
        assert.throws(() => multiply({ ...good, ...change } as ProductCall), error)
      assert.ok(good.out.every(Number.isNaN))
    })
  }
})
