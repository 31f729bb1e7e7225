import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { inspectData } from '../../src/data/inspect.ts'
import { shapeFaults } from '../../src/experiment/net-faults.ts'
import { repositoryRoot } from '../../src/experiment/repository.ts'
import { isNet, resolveSpec } from '../../src/experiment/resolve.ts'
import { checkSchema } from '../../src/experiment/schema.ts'

const folder = join(repositoryRoot(), 'examples')
const names = readdirSync(folder).filter((name) => name.endsWith('.json'))

it('there are example specs', () => {
  assert.ok(names.length >= 6)
})

for (const name of names) {
  it(`examples/${name} is a spec that nothing is wrong with`, async () => {
    const spec: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'))
    checkSchema(spec)
    const { features, faults, images } = await inspectData(spec.data)
    assert.deepEqual(faults, [])
    const resolved = resolveSpec(spec, features)
    if (isNet(resolved)) assert.deepEqual(shapeFaults(resolved, features, images), [])
  })
}
