import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { repositoryRoot } from '../../src/experiment/repository.ts'
import { goldenCategories } from './golden.ts'

/** Which test holds each category of test/golden/theory-cases.json. A new category needs a line here. */
const owners: Record<string, string> = {
  fixed_point: 'test/theory/golden-times.test.ts',
  critical_time: 'test/theory/golden-times.test.ts',
  trajectory: 'test/theory/golden-times.test.ts',
  order: 'test/theory/golden-times.test.ts',
  greedy: 'test/theory/golden-times.test.ts',
  inversion: 'test/theory/golden-times.test.ts',
  crossover: 'test/theory/golden-times.test.ts',
  depth_limit: 'test/theory/golden-times.test.ts',
  fixed_point_loss: 'test/theory/golden-times.test.ts',
  euler: 'test/theory/golden-training.test.ts',
  lr_bound: 'test/theory/golden-training.test.ts',
  float32: 'test/theory/golden-training.test.ts',
  unbalanced: 'test/theory/golden-training.test.ts',
  noncommuting: 'test/theory/golden-training.test.ts', // its measures: test/data
  generative: 'test/data',
  matrix_gd: 'test/engines',
  minibatch_sgd: 'test/engines',
}

/** The text of a test file, or of every file under a folder of them. */
function textOf(path: string): string {
  const absolute = join(repositoryRoot(), path)
  assert.ok(existsSync(absolute), `${path} does not exist`)
  if (path.endsWith('.ts')) return readFileSync(absolute, 'utf8')
  return readdirSync(absolute, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.name.endsWith('.ts'))
    .map((entry) => textOf(`${path}/${entry.name}`))
    .join('\n')
}

it('every golden category has a test that reads it, and no other is listed', () => {
  assert.deepEqual(goldenCategories().sort(), Object.keys(owners).sort())
  for (const [category, path] of Object.entries(owners)) {
    assert.ok(new RegExp(`['"]${category}['"]`).test(textOf(path)), `${path} reads no golden ${category}`)
  }
})
