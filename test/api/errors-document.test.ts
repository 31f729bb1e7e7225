import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { failureCodes, failureStatus } from '../../src/experiment/failure.ts'
import { repositoryRoot } from '../../src/experiment/repository.ts'

const text = readFileSync(join(repositoryRoot(), 'docs', 'errors.md'), 'utf8')
const rows = [...text.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)].map(([, code, status]) => [
  code,
  Number(status),
])

it('docs/errors.md has each code of the failure table once, with its status, and no other', () => {
  const documented = rows.toSorted()
  const table = failureCodes.map((code) => [code, failureStatus(code)]).toSorted()
  assert.deepEqual(documented, table)
})
