import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { repositoryRoot } from '../../../src/experiment/repository.ts'
import { probeRepresentation } from '../../../workers/probes/representation/probe.ts'

/** Made by test/golden/make-probes.py with NumPy and scikit-learn. */
interface Golden {
  readonly name: string
  readonly floor: number
  readonly train: Kept
  readonly test: Kept
  readonly expected: Readonly<Record<string, readonly number[]>>
}
interface Kept {
  readonly rows: number
  readonly representation: readonly number[]
  readonly latents: readonly number[]
  readonly labels: readonly number[]
}

const path = join(repositoryRoot(), 'test', 'golden', 'probe-cases.json')
const cases = JSON.parse(readFileSync(path, 'utf8')) as Golden[]
const sampleOf = ({ representation, ...rest }: Kept) => ({
  ...rest,
  representation: Float32Array.from(representation),
})

for (const { name, floor, train, test, expected } of cases) {
  const samples = { floor, train: sampleOf(train), test: sampleOf(test) }
  const found = probeRepresentation(Object.keys(expected), samples)
  for (const [probe, values] of Object.entries(expected)) {
    it(`${probe} of a representation ${name} is that of scikit-learn and NumPy`, () => {
      assert.equal(found[probe]!.length, values.length)
      for (const [i, value] of values.entries()) {
        const miss = Math.abs(found[probe]![i]! - value)
        assert.ok(
          miss <= 1e-9 * Math.max(1, Math.abs(value)),
          `${probe}[${i}] is ${found[probe]![i]}, not ${value}`,
        ) // rounding through another algorithm
      }
    })
  }
}
