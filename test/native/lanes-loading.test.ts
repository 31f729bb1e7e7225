import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { type Batch, CODE } from '../../workers/engines/lanes/batch.ts'
import { type LanesLibrary, openLanes } from '../../workers/engines/lanes/native.ts'
import { compiler, ENDLESS, hasCompiler, lanesHeader, makeBatch, makeTrial } from './lanes-trial.ts'

describe('loading the lanes kernels', { skip: hasCompiler ? false : 'no C++ compiler here' }, () => {
  const trial = makeTrial()
  let library: LanesLibrary
  before(async () => {
    await trial.build()
    library = openLanes('portable', trial.installation())
  })
  after(() => trial.remove())

  it('is told by a library of another version, which touches nothing', async () => {
    const other = join(trial.place.root, 'other')
    mkdirSync(other)
    writeFileSync(join(other, 'lanes.h'), lanesHeader.replace('LANES_VERSION 1u', 'LANES_VERSION 2u'))
    const folder = trial.folder.replace(/lanes$/, 'other')
    mkdirSync(folder)
    copyFileSync(join(trial.folder, 'lanes.node'), join(folder, 'lanes.node'))
    const path = join(folder, 'liblanes-portable.so')
    execFileSync(compiler, ['-std=c++17', '-fPIC', '-shared', `-I${other}`, trial.source, '-o', path])
    const newer = openLanes('portable', at(folder))
    const batch = makeBatch(1, 1)
    await assert.rejects(newer.run(batch), { code: CODE.badVersion, message: /another version/ })
    assert.equal(batch.step[0], 0n)
  })

  it('says why a library that is missing, cut short or no library of ours is not opened', () => {
    const folder = join(trial.place.root, 'broken')
    mkdirSync(folder)
    const path = join(folder, 'liblanes-portable.so')
    const addon = join(folder, 'lanes.node')
    copyFileSync(join(trial.folder, 'lanes.node'), addon)
    copyFileSync(join(trial.folder, 'build.json'), join(folder, 'build.json'))
    const refusal = (why: RegExp) => {
      const message = new RegExp(`${why.source}.*run npm run setup`)
      assert.throws(() => openLanes('portable', at(folder)), { code: 'ENGINE_UNAVAILABLE', message })
    }
    refusal(/does not load: .*liblanes-portable\.so: cannot open shared object file/)
    copyFileSync(join(trial.folder, 'liblanes-portable.so'), path)
    truncateSync(path, 2000)
    refusal(/liblanes-portable\.so has 2000 bytes where \d+ were built/)
    rmSync(join(folder, 'build.json'))
    writeFileSync(path, 'no library')
    refusal(/does not load: .*liblanes-portable\.so: /)
    rmSync(path)
    copyFileSync(addon, path)
    refusal(/has no lanes_name: it is no build of lanes/)
    const other = join(trial.place.root, 'broken-addon')
    mkdirSync(other)
    writeFileSync(join(other, 'lanes.node'), 'no addon')
    const message = /its addon does not load \(.*lanes\.node: .*run npm run setup/
    assert.throws(() => openLanes('portable', at(other)), { code: 'ENGINE_UNAVAILABLE', message })
  })

  it('works in worker threads beside the main one, and ends with them', { timeout: 60_000 }, async () => {
    const modulePath = join(trial.folder, 'lanes.node')
    const text = `
      const { parentPort, workerData } = require('node:worker_threads')
      const addon = require(workerData.modulePath)
      const handle = addon.open(workerData.libraryPath)
      const call = addon.run(handle, workerData.batch)
      parentPort.postMessage('begun')
      call.then(({ code }) => parentPort.postMessage(code))`
    const libraryPath = join(trial.folder, 'liblanes-portable.so')
    const begin = async (batch: Batch) => {
      const worker = new Worker(text, { eval: true, workerData: { modulePath, libraryPath, batch } })
      const [said] = await onceMessage(worker, 1)
      assert.equal(said, 'begun')
      return worker
    }
    const mine = makeBatch(1, ENDLESS)
    const call = library.run(mine)
    const endless = await Promise.all([0, 1, 2].map(() => begin(makeBatch(1, ENDLESS))))
    const start = performance.now()
    await Promise.all(endless.map((worker) => worker.terminate())) // in the middle of their calls
    const ms = performance.now() - start
    assert.ok(ms < 5_000, `it took ${ms.toFixed(0)} ms to end them`)
    const short = new Worker(text, {
      eval: true,
      workerData: { modulePath, libraryPath, batch: makeBatch(1, 5) },
    })
    assert.deepEqual(await onceMessage(short, 2), ['begun', CODE.ok])
    mine.cancel![0] = 1
    assert.equal(await call, CODE.cancelled)
  })

  it('does not hold up the end of the process', async () => {
    const script = `
      const { addon, library, batch } = JSON.parse(process.argv[1], (key, value) =>
        value && value.type ? new globalThis[value.type](value.list.map(value.type.startsWith('Big') ? BigInt : Number)) : value)
      const native = require(addon)
      native.run(native.open(library), batch)
      setTimeout(() => process.exit(7), 50)`
    const batch = JSON.stringify(
      {
        addon: join(trial.folder, 'lanes.node'),
        library: join(trial.folder, 'liblanes-portable.so'),
        batch: makeBatch(1, ENDLESS),
      },
      (_, value) =>
        ArrayBuffer.isView(value)
          ? { type: value.constructor.name, list: Array.from(value as BigInt64Array, String) }
          : value,
    )
    const ended = promisify(execFile)(process.execPath, ['-e', script, batch], { timeout: 30_000 })
    await assert.rejects(ended, { code: 7 })
  })

  function at(folder: string) {
    const installation = trial.installation()
    return { ...installation, lanes: { ...installation.lanes!, folder } }
  }
})

async function onceMessage(worker: Worker, count: number): Promise<unknown[]> {
  const said: unknown[] = []
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.on('message', (words) => {
      said.push(words)
      if (said.length === count) resolve()
    })
  })
  return said
}
