import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { findGpus } from '../../src/experiment/hardware.ts'
import { repositoryRoot } from '../../src/experiment/repository.ts'

const root = repositoryRoot()
const load = (name: string) => import(pathToFileURL(join(root, 'native', name)).href)
const { readPlace } = await load('setup/place.mjs')
const { shopOf, demandCompiler } = await load('lanes/shop.mjs')
const { findCompiler } = await load('tensorflow/libraries.mjs')
const { compileCheck, compileCuda, compileEmulation } = await load('lanes/cuda/compile.mjs')
const { findNvcc } = await load('lanes/cuda/nvcc.mjs')

const able = process.platform === 'linux' && process.arch === 'x64' && findCompiler() !== undefined
const skip = able ? false : 'the CUDA kernels are compiled on Linux x86_64 with a C++ compiler'

describe('the CUDA kernels', { skip }, () => {
  const room = mkdtempSync(join(tmpdir(), 'jepalab-cuda-'))
  const library = join(room, 'liblanes-cuda.so')
  const emulation = join(room, 'liblanes-cuda-emulated.so')
  const program = join(room, 'check')
  let shop: { folder: string }
  let usage: string

  const check = (file: string, ...options: string[]) => {
    const { status, stdout, stderr } = spawnSync(program, ['--library', file, ...options], {
      encoding: 'utf8',
    })
    return { status, said: `${stdout}${stderr}` }
  }

  before(async () => {
    const place = readPlace()
    shop = { ...shopOf(place), objects: join(room, 'objects'), compiler: demandCompiler() }
    const write = process.stderr.write
    process.stderr.write = () => true // a first time's progress lines
    try {
      usage = await compileCuda(shop, await findNvcc(place), library)
    } finally {
      process.stderr.write = write
    }
    await compileCheck(shop, program)
  })
  after(() => rmSync(room, { recursive: true, force: true }))

  it('compile without a card, every one for sm_80 and sm_90', () => {
    for (const sm of ['sm_80', 'sm_90']) {
      const kernels = kernelsIn(usage).filter((kernel) => kernel.architecture === sm)
      const team = kernels.filter(({ name }) => name.includes('team_kernel'))
      const lone = kernels.filter(({ name }) => name.includes('lone_kernel'))
      assert.equal(team.length, 15, `${sm}: 5 team kernels in each of 3 precisions`)
      assert.ok(lone.length > 20, `${sm}: ${lone.length} kernels of a thread a run`)
    }
  })

  it('keep their numbers in registers', () => {
    for (const { name, architecture, spilled, registers } of kernelsIn(usage)) {
      assert.equal(spilled, 0, `${name} for ${architecture} spills ${spilled} bytes`)
      assert.ok(registers <= 255, `${name} takes ${registers} registers`)
    }
  })

  it('train on the host, thread by thread, with the bits of the scalar model', async () => {
    await compileEmulation(shop, emulation)
    const cpu = join(shop.folder, 'liblanes-portable.so') // sgd in law is compared with it, where it is built
    const against = existsSync(cpu) ? ['--against', cpu] : []
    const { status, said } = check(emulation, '--check', '--small', ...against)
    assert.equal(status, 0, said)
    assert.match(said, /cuda-emulated: \d{3} cases, 0 differences/)
  })

  it('say what is missing where there is no card', (test) => {
    if (findGpus().names.length > 0) return test.skip('this machine has an NVIDIA card')
    const { status, said } = check(library, '--check')
    assert.equal(status, 3, said)
    assert.match(said, /CUDA finds no card here .* driver 580/)
  })

  it('train on the card with the bits of the scalar model', (test) => {
    if (findGpus().names.length === 0) return test.skip('no NVIDIA card here: the CUDA kernels were not run')
    const { status, said } = check(library, '--check')
    assert.equal(status, 0, said)
  })
})

/** What ptxas says of each kernel: bytes spilled, registers. */
function kernelsIn(text: string) {
  const entry =
    /Compiling entry function '(\S+)' for '(\S+)'[\s\S]*?(\d+) bytes spill stores, (\d+) bytes spill loads[\s\S]*?Used (\d+) registers/g
  return [...text.matchAll(entry)].map(([, name, architecture, stores, loads, registers]) => ({
    name: String(name),
    architecture: String(architecture),
    spilled: Number(stores) + Number(loads),
    registers: Number(registers),
  }))
}
