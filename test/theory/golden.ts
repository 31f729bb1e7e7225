import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../../src/experiment/repository.ts'

/** One reference value of test/golden/theory-cases.json, computed by an independent implementation. */
export interface GoldenCase<Input, Expected> {
  readonly id: string
  readonly category: string
  readonly description: string
  readonly input: Input
  readonly expected: Expected
  readonly tol: { readonly rel: number; readonly abs: number }
}

const file = join(repositoryRoot(), 'test', 'golden', 'theory-cases.json')
const all: GoldenCase<unknown, unknown>[] = JSON.parse(readFileSync(file, 'utf8')).cases

/** The cases of one category; a category without cases is a mistake in the caller. */
export function goldenCases<Input, Expected>(category: string): GoldenCase<Input, Expected>[] {
  const cases = all.filter((c) => c.category === category)
  assert.ok(cases.length > 0, `no golden case is of category ${category}`)
  return cases as GoldenCase<Input, Expected>[]
}

/** Every category of the file. */
export function goldenCategories(): string[] {
  return [...new Set(all.map((c) => c.category))]
}

/** Fails unless |got − wanted| ≤ abs + rel·|wanted|, the case's own tolerance. "Infinity" is a string there. */
export function assertClose(
  got: number,
  wanted: number | string,
  { id, tol }: { id: string; tol: { rel: number; abs: number } },
  what = 'value',
): void {
  const target = Number(wanted)
  const near = got === target || Math.abs(got - target) <= tol.abs + tol.rel * Math.abs(target)
  assert.ok(near, `${id}: ${what} is ${got}, the reference ${target}`)
}

/** The same for lists. */
export function assertAllClose(
  got: readonly number[],
  wanted: readonly (number | string)[],
  reference: { id: string; tol: { rel: number; abs: number } },
  what = 'value',
): void {
  assert.equal(got.length, wanted.length, `${reference.id}: ${what} has ${got.length} entries`)
  for (const [k, value] of got.entries()) assertClose(value, wanted[k]!, reference, `${what} ${k}`)
}
