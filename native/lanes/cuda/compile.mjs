import { mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { CommandFailed, run } from '../../setup/command.mjs'
import { SetupTrouble } from '../../setup/trouble.mjs'
import { compileAll } from '../compile.mjs'
import { sourcesIn } from '../sources.mjs'

/** Machine code for these, and PTX of the last for cards after them. */
const ARCHITECTURES = ['80', '90']

const LANGUAGE = ['-std=c++17']
const HOST_FLAGS = [...LANGUAGE, '-O2', '-fPIC', '-fvisibility=hidden', '-pthread', '-Wall', '-Wextra']
/** The host measures rows in double; a machine with such a card has AVX2 (run.cc asks). */
const HOST_SET = process.arch === 'x64' ? ['-mavx2', '-mfma', '-DLANES_ISA_AVX2'] : ['-DLANES_ISA_PORTABLE']
/** No multiplication and addition becomes one rounding but where the source says so: the CPU's bits. */
const STRICT = ['-ffp-contract=off']
const CARD_FLAGS = [...LANGUAGE, '-O3', '-fmad=false', '-Xcompiler', '-fPIC,-fvisibility=hidden']

/** The emulation takes the place of the card. */
const EMULATION = ['emulate.cc', 'emulated.cc']

/**
 * Compiles every kernel and links `target`. No card is needed.
 *
 * @param shop as native/lanes/shop.mjs has it, with `compiler` the C++ compiler
 * @param nvcc as nvcc.mjs finds it
 * @returns {Promise<string>} what ptxas says of each kernel's registers and memory, where it was compiled now
 */
export async function compileCuda(shop, nvcc, target) {
  const sources = readdirSync(join(shop.home, 'cuda')).filter((name) => name.endsWith('.cu'))
  const codes = ARCHITECTURES.map((sm) => `-gencode=arch=compute_${sm},code=sm_${sm}`)
  const newest = ARCHITECTURES.at(-1)
  const flags = [...CARD_FLAGS, ...codes, `-gencode=arch=compute_${newest},code=compute_${newest}`]
  const told = []
  const work = async (name) => {
    const file = join(shop.home, 'cuda', name)
    const object = join(shop.objects, name.replace('.cu', '.cu.o'))
    const args = [...flags, '-ccbin', shop.compiler.program, '--resource-usage', `-I${shop.home}`, '-c', file]
    told.push(await run(nvcc.program, [...args, '-o', object]))
    return object
  }
  mkdirSync(shop.objects, { recursive: true })
  try {
    const [host, ...card] = await Promise.all([hostObjects(shop, false), inTurn(sources, work)])
    const objects = [...host, ...card.flat()]
    const draft = `${target}.${process.pid}`
    const link = ['-shared', '-cudart', 'static', ...nvcc.flags, '-ccbin', shop.compiler.program]
    await run(nvcc.program, [...link, `-Xlinker=--version-script=${shop.exports}`, ...objects, '-o', draft])
    renameSync(draft, target)
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    throw new SetupTrouble(
      `The CUDA kernels do not compile: ${error.message}`,
      'They need nvcc 12 or newer and a C++ compiler that it takes; without an nvcc on the PATH a fitting one is fetched.',
    )
  }
  return told.join('\n')
}

/** The same library with the kernels run thread by thread on the host. */
export async function compileEmulation(shop, target) {
  const objects = await hostObjects(shop, true)
  const draft = `${target}.${process.pid}`
  await run(shop.compiler.program, ['-shared', ...objects, '-pthread', '-o', draft])
  renameSync(draft, target)
}

/** The program that compares and times a library. */
export async function compileCheck(shop, target) {
  const tasks = sourcesIn(shop.home, 'check').map((file) => ({ file, flags: [...HOST_FLAGS, ...STRICT] }))
  const objects = await compileAll(shop, tasks)
  await run(shop.compiler.program, [...objects, '-ldl', '-pthread', '-o', target])
}

function hostObjects(shop, isEmulated) {
  const files = sourcesIn(shop.home, 'cuda').filter(
    (file) => isEmulated || !EMULATION.some((name) => file.endsWith(`/${name}`)),
  )
  return compileAll(
    shop,
    files.map((file) => ({ file, flags: [...HOST_FLAGS, ...STRICT, ...HOST_SET] })),
  )
}

/** Two at a time: nvcc takes a gigabyte for each. */
async function inTurn(names, work) {
  const waiting = [...names]
  const serve = async () => {
    const objects = []
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
      objects.push(await work(name))
    return objects
  }
  return (await Promise.all([serve(), serve()])).flat()
}
