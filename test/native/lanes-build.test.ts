import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { checkLanes } from '../../src/cli/check-lanes.ts'
import { readInstallation } from '../../src/experiment/installation.ts'
import { lanesHere, openLanes } from '../../workers/engines/lanes/native.ts'
import { hasCompiler, makeTrial, type Trial } from './lanes-trial.ts'

describe('the build of the lanes kernels', { skip: hasCompiler ? false : 'no C++ compiler here' }, () => {
  const trial = makeTrial()
  const { folder, place } = trial
  const trials = [trial]
  after(() => {
    for (const { remove } of trials) remove()
  })

  it('makes a library for each instruction set and the addon from nothing', async () => {
    assert.equal(trial.isDone(), false)
    await trial.build()
    const built = readdirSync(folder).filter((name) => /\.(so|node)$/.test(name))
    const sets = process.arch === 'x64' ? ['avx2', 'avx512', 'portable'] : ['portable']
    assert.deepEqual(built.sort(), ['lanes.node', ...sets.map((name) => `liblanes-${name}.so`)])
    const { lanes } = trial.installation()
    assert.equal(lanes?.folder, folder)
    assert.match(lanes!.compiler, /\d+\.\d+/)
    assert.deepEqual(lanes?.instructionSets, lanesHere(trial.installation()))
  })

  it('opens the library of the best instruction set of this CPU, or the one asked for', () => {
    const installation = trial.installation()
    const here = lanesHere(installation)
    assert.equal(openLanes(undefined, installation).name, here.at(-1))
    for (const name of here) assert.equal(openLanes(name, installation).name, name)
  })

  it('tells in milliseconds that nothing has changed', () => {
    const start = performance.now()
    assert.equal(trial.isDone(), true)
    const ms = performance.now() - start
    assert.ok(ms < 250, `it took ${ms.toFixed(0)} ms`)
  })

  it('exports the C interface alone, so that no library can take a function of another', () => {
    const words = execFileSync('nm', ['-D', '--defined-only', join(folder, 'liblanes-portable.so')], {
      encoding: 'utf8',
    })
    const names = words
      .trim()
      .split('\n')
      .map((line) => line.split(' ').at(-1))
    assert.deepEqual(names.sort(), [
      'lanes_choose',
      'lanes_last_error',
      'lanes_name',
      'lanes_run',
      'lanes_tiles',
      'lanes_weights',
    ])
  })

  it('takes what another checkout has built from the cache', async () => {
    const second = begin(trials, place.cache)
    await second.build()
    assert.equal(second.isDone(), true)
    assert.ok(!existsSync(join(second.folder, 'objects')), 'it compiled')
  })

  it('restores a library that was cut short', async () => {
    const [, second] = trials // not open in this process: who cuts a library in use ends its users
    truncateSync(join(second!.folder, 'liblanes-portable.so'), 100)
    assert.equal(second!.isDone(), false)
    await second!.build()
    assert.equal(openLanes('portable', second!.installation()).name, 'portable')
  })

  it('compiles only what a change has touched', async () => {
    const objects = () => new Set(readdirSync(join(folder, 'objects')))
    const before = objects()
    appendFileSync(trial.source, '// changed\n')
    assert.equal(trial.isDone(), false)
    await trial.build()
    const fresh = [...objects()].filter((name) => !before.has(name))
    assert.equal(fresh.length, process.arch === 'x64' ? 3 : 1)
    assert.equal(objects().size, before.size, 'objects of older sources stayed')
  })

  it('compiles what includes a changed header', async () => {
    appendFileSync(join(place.root, 'native/lanes/addon/value.h'), '// changed\n')
    assert.equal(trial.isDone(), false)
    await trial.build()
    assert.equal(trial.isDone(), true)
  })

  it('names the line that does not compile, and leaves no older library in use', async () => {
    const second = begin(trials)
    appendFileSync(second.source, 'int broken = nothing;\n')
    await assert.rejects(second.build(), { name: 'SetupTrouble', fact: /run\.cc:\d+:\d+: error: .*nothing/ })
    assert.equal(second.installation().lanes, null)
    assert.throws(() => openLanes('portable', second.installation()), {
      code: 'ENGINE_UNAVAILABLE',
      message: /kernels are not built here: run npm run setup/,
    })
  })

  it('refuses a library that lacks a function of the interface', async () => {
    const second = begin(trials)
    const text = readFileSync(second.source, 'utf8')
    writeFileSync(second.source, text.replace(/^int32_t lanes_choose.*$/m, ''))
    await assert.rejects(second.build(), { name: 'SetupTrouble', fact: /has no lanes_choose/ })
    assert.equal(second.isDone(), false)
  })

  it('asks for a compiler where there is none, by the command that installs one', async () => {
    const second = begin(trials)
    const { PATH, CXX } = process.env
    try {
      process.env.PATH = second.place.root
      delete process.env.CXX
      await assert.rejects(second.build(), {
        name: 'SetupTrouble',
        fact: /No C\+\+ compiler is here/,
        remedy: /install.* (g\+\+|gcc|gcc-c\+\+)/,
      })
    } finally {
      process.env.PATH = PATH
      if (CXX !== undefined) process.env.CXX = CXX
    }
  })
})

describe('the doctor', () => {
  it('names the instruction set of the lanes kernels', async (test) => {
    const installation = readInstallation()
    if (installation.lanes === null) return test.skip('the lanes kernels are not built here')
    const { ok, says, facts } = await checkLanes(installation)
    assert.equal(ok, true, says)
    assert.match(says, /^(AVX-512|AVX2|portable)( \(also .+\))? with(out)? tiles.*, built by .+/)
    assert.deepEqual([facts.instructionSet, facts.tiles], [openLanes().name, openLanes().tiles])
  })

  it('says why the kernels are not there, and what to do', async () => {
    const failure = { fact: 'No C++ compiler is here.', remedy: 'Get it with: apt-get install -y g++' }
    const nothing = { tensorflow: null, kernels: null, lanes: null, redis: null, cache: null }
    const told = await checkLanes({ ...nothing, failures: { lanes: failure } })
    assert.deepEqual([told.ok, told.says, told.remedy], [false, failure.fact, failure.remedy])
  })

  it('says so where the addon is gone or broken', async () => {
    const lanes = { folder: '/nowhere', instructionSets: [], compiler: 'g++' }
    const installation = { tensorflow: null, kernels: null, lanes, redis: null, cache: null, failures: {} }
    assert.throws(() => openLanes(undefined, installation), {
      code: 'ENGINE_UNAVAILABLE',
      message: /its addon does not load \(.*\/nowhere\/lanes\.node.*run npm run setup/s,
    })
  })
})

function begin(trials: Trial[], cache?: string): Trial {
  const trial = makeTrial(cache)
  trials.push(trial)
  return trial
}
