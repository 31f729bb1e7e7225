import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { reasonsIn } from '../lanes/assemble.mjs'
import { compileAll, keepOnly, link } from '../lanes/compile.mjs'
import { instructionSets, KERNEL_FLAGS } from '../lanes/instruction-sets.mjs'
import { demandCompiler } from '../lanes/shop.mjs'
import { sourcesIn, textsOf } from '../lanes/sources.mjs'
import { buildStep } from '../setup/build-step.mjs'
import { CommandFailed, run } from '../setup/command.mjs'
import { withProgress } from '../setup/progress.mjs'
import { readRecord } from '../setup/record.mjs'
import { hashOf } from '../setup/stamp.mjs'
import { installCommand, SetupTrouble } from '../setup/trouble.mjs'
import { bindingModule } from './binding.mjs'
import { version, wheelSet } from './wheel-set.mjs'

/**
 * The operations of our own that nets are trained with (native/tensorflow/kernels), one library for each instruction
 * set, in node_modules/.jepalab/kernels, where workers/engines/tensorflow/kernels/available.ts finds them.
 */
export const kernels = {
  ...buildStep({ name: 'kernels', shopOf, keyOf, demand, assemble, prove }),
  needs: 'tensorflow',
  optional: true,
  without: "Without the net kernels nets are trained with tfjs's own operations, more slowly.",
}

function demand(place) {
  if (!readRecord(place).failures.binding) return demandCompiler()
  throw new SetupTrouble('The net kernels need the binding, which is not built.', 'See why it is not, above.')
}

function shopOf(place) {
  const folder = join(place.root, 'node_modules/.jepalab/kernels')
  return {
    home: join(place.root, 'native/lanes'), // the vectors and products of lanes are included
    room: '../tensorflow/kernels',
    exports: join(place.root, 'native/tensorflow/kernels/exports.map'),
    folder,
    objects: join(folder, 'objects'),
  }
}

/** All that decides the compiled bytes but the compiler; the system's release stands for its C++ library. */
function keyOf({ home, room, exports }) {
  const seen = new Map()
  for (const file of sourcesIn(home, room)) textsOf(home, file, seen)
  const texts = [...seen]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([path, text]) => [relative(home, path), text])
  const system = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  const flags = JSON.stringify([instructionSets(), KERNEL_FLAGS])
  return hashOf(process.arch, system, version, flags, readFileSync(exports, 'utf8'), ...texts)
}

/** Builds the libraries into a folder. @returns their names. */
async function assemble(shop, stage, compiler, place) {
  mkdirSync(stage, { recursive: true })
  const work = () => compileAndLink(place, { ...shop, compiler }, stage)
  return withProgress('net kernels', work).catch((error) => {
    if (!(error instanceof CommandFailed)) throw error
    throw new SetupTrouble(
      `The net kernels do not compile: ${reasonsIn(error)}`,
      `They need g++ 9 or newer, or clang++ 10: ${installCommand('g++')}`,
    )
  })
}

/** Compiles what has changed and links a library for each instruction set. @returns their names. */
async function compileAndLink(place, shop, target) {
  const library = join(wheelSet(place).folder, 'tensorflow')
  const files = sourcesIn(shop.home, shop.room)
  const parts = instructionSets().map(({ name, flags }) => ({
    name: `libkernels-${name}.so`,
    tasks: files.map((file) => ({
      file,
      flags: [...KERNEL_FLAGS, ...flags, '-isystem', join(library, 'include')],
    })),
  }))
  const objects = await compileAll(
    shop,
    parts.flatMap(({ tasks }) => tasks),
  )
  const flags = [
    '-shared',
    '-Wl,-z,defs',
    `-Wl,--version-script=${shop.exports}`,
    `-L${library}`,
    '-l:libtensorflow_framework.so.2', // no run path: it is in the process before these are
  ]
  for (const [index, { name }] of parts.entries()) {
    const own = objects.slice(index * files.length, (index + 1) * files.length)
    await link(shop, own, flags, join(target, name))
  }
  keepOnly(shop.objects, objects)
  return parts.map(({ name }) => name)
}

/**
 * Registers the operations of every library that this CPU runs, each in a process of its own, so that a broken one is
 * told now and not in a job.
 */
async function prove(folder, built, place) {
  const script = `
    const [module, folder, name] = process.argv.slice(1)
    const binding = require(module)
    if (name !== undefined) binding.loadKernels(folder + '/libkernels-' + name + '.so')
    console.log(JSON.stringify(binding.instructionSets()))`
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' }
  const ask = (...words) =>
    run(process.execPath, ['-e', script, bindingModule(place), folder, ...words], { env })
  try {
    const known = instructionSets().map(({ name }) => name)
    const said = (await ask()).trimEnd().split('\n').at(-1) // TensorFlow says its own before
    const sets = JSON.parse(said).filter((name) => known.includes(name))
    for (const name of sets) await ask(name)
    return sets
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    rmSync(built, { recursive: true, force: true })
    throw new SetupTrouble(
      `The net kernels were built but do not load: ${error.message}`,
      'Run npm run setup again; where it persists, set CXX to another compiler.',
    )
  }
}
