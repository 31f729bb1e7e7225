import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { it } from 'node:test'
import { Compute } from '../../src/api/compute.ts'
import { writePack } from '../../src/artifacts/pack.ts'
import { id, runFiles, temporaryFolder } from '../artifacts/example-run.ts'

/** The nice values of this process's threads, by field 19 of their stat. */
function niceOfThreads(): number[] {
  return readdirSync('/proc/self/task').map((thread) => {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8')
    return Number(stat.replace(/^.*\) /, '').split(' ')[16])
  })
}

const linux = process.platform === 'linux'

it('a thread in the background has a lower priority, and no other has', { skip: !linux }, async (t) => {
  const usual = Math.max(...niceOfThreads())
  const [compute, bulk] = [new Compute(), new Compute({ background: true })]
  t.after(() => Promise.all([compute.close(), bulk.close()]))
  await compute.run('spectrum', { data: { kind: 'gaussian', lambda: [1], rho: [0.5] }, artifacts: '' })
  assert.equal(Math.max(...niceOfThreads()), usual)
  await bulk.run('spectrum', { data: { kind: 'gaussian', lambda: [1], rho: [0.5] }, artifacts: '' })
  const lowered = niceOfThreads().filter((nice) => nice > usual)
  assert.deepEqual(lowered, usual < 19 ? [Math.min(19, usual + 10)] : [])
})

it('reports of a batch come back by code and facts or by result, in order', async (t) => {
  const artifacts = await temporaryFolder(t)
  await writePack(artifacts, 'ctogether', [{ key: { id, attempt: 1 }, files: runFiles() }])
  const bulk = new Compute({ background: true })
  t.after(() => bulk.close())
  const runs = ['rgone', id].map((name) => ({ id: name, attempt: 1, fingerprint: null }))
  const [gone, there] = await bulk.run('reports', { artifacts, cohort: 'ctogether', runs })
  assert.equal((gone as { code: string }).code, 'ARTIFACT_DAMAGED')
  assert.equal(JSON.parse((there as { result: string }).result).id, id)
  await assert.rejects(
    bulk.run('trajectory', { artifacts, place: { id: 'rgone', attempt: 1, cohort: 'ctogether' } }),
    { code: 'ARTIFACT_UNKNOWN' },
  )
})
