import assert from 'node:assert/strict'
import { it } from 'node:test'
import { checkUp } from '../../src/cli/checkup.ts'

it('the doctor looks at all that jepalab needs and has a remedy for each thing missing', async () => {
  const findings = await checkUp(process.env)
  const names = ['Node', 'settings', 'TensorFlow', 'lanes', 'GPUs', 'Redis', 'compiler', 'machine', 'cache']
  assert.deepEqual(
    findings.map((finding) => finding.name),
    names,
  )
  for (const { name, ok, remedy } of findings) assert.ok(ok || remedy, `${name} is missing without a remedy`)
})

it('the doctor names a Redis that cannot be reached and a setting that cannot be read', async () => {
  // Port 1 of loopback has no listener on any machine that a test runs on.
  const away = await checkUp({ REDIS_URL: 'redis://:secret@127.0.0.1:1' })
  const redis = away.find(({ name }) => name === 'Redis')!
  assert.equal(redis.ok, false)
  assert.match(redis.says, /127\.0\.0\.1:1 cannot be reached/)
  assert.ok(!JSON.stringify(away).includes('secret'), 'the password of REDIS_URL was told')
  const [, settings] = await checkUp({ JEPALAB_PORT: 'eighty' })
  assert.deepEqual([settings!.name, settings!.ok], ['settings', false])
  assert.match(settings!.says, /JEPALAB_PORT is "eighty"/)
})

it('the doctor suggests the setting that a misspelt one was meant to be', async () => {
  const [, settings] = await checkUp({ JEPALAB_PROT: '1' })
  assert.equal(settings!.remedy, 'Did you mean JEPALAB_PORT?')
})
