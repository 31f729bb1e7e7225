import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { PRESETS } from '../../src/experiment/presets.ts'
import { repositoryRoot } from '../../src/experiment/repository.ts'

it('docs/sweeps.md has each preset once, with its title and its claim, and no other', () => {
  const text = readFileSync(join(repositoryRoot(), 'docs', 'sweeps.md'), 'utf8')
  const section = text.slice(text.indexOf('\n## Presets'), text.indexOf('\n## Figures'))
  const rows = [...section.matchAll(/^\| `([a-z-]+)` \| (.*) \| (.*) \|$/gm)].map((match) => match.slice(1))
  assert.deepEqual(
    rows,
    PRESETS.map(({ name, title, claim }) => [name, title, claim]),
  )
})
