import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { CommandFailed, run } from '../setup/command.mjs'
import { withProgress } from '../setup/progress.mjs'
import { readRecord, writeRecord } from '../setup/record.mjs'
import { hashOf, readJson, writeJson } from '../setup/stamp.mjs'
import { installCommand, SetupTrouble } from '../setup/trouble.mjs'
import { findCompiler, libraries } from './libraries.mjs'
import { patchSources, patchText } from './patch.mjs'
import { version, wheelSet } from './wheel-set.mjs'

const FLAGS = ['-std=c++17', '-O2', '-fPIC', '-shared']
const SOURCES = ['tfjs_backend.cc', 'tfjs_binding.cc']

/**
 * The Node-API binding that @tensorflow/tfjs-node-gpu carries as source, compiled with plain g++ against the
 * library's headers, with the few calls of functions.cc added, and laid where the package itself looks for it. It names its libraries by deps/lib, a link
 * into the cache: CPU and CUDA are the same binding with another link. Node-API is stable, so one build
 * serves every Node from 20 on.
 */
export const binding = {
  name: 'binding',
  needs: 'tensorflow',
  optional: true,
  without: libraries.without,

  isDemanded: libraries.isDemanded,

  isDone(place) {
    if (!libraries.isDone(place)) return false
    const files = layout(place)
    return (
      existsSync(files.module) &&
      readJson(files.stamp)?.key === files.key &&
      linkedTo(files.libraries) === files.target &&
      readRecord(place).tensorflow?.folder === files.folder
    )
  },

  async run(place) {
    const files = layout(place)
    if (!existsSync(files.cached)) await withProgress('TensorFlow binding', () => compile(place, files))
    mkdirSync(dirname(files.module), { recursive: true })
    mkdirSync(dirname(files.libraries), { recursive: true })
    link(files.libraries, files.target)
    const draft = `${files.module}.${process.pid}`
    copyFileSync(files.cached, draft)
    renameSync(draft, files.module)
    await prove(files)
    writeJson(files.stamp, { key: files.key })
    writeRecord(place, { tensorflow: { variant: place.variant, version, folder: files.folder } })
  },
}

/** The native module of tfjs-node, as this checkout has it. */
export function bindingModule(place) {
  return layout(place).module
}

function layout(place) {
  const home = join(place.root, 'node_modules/@tensorflow/tfjs-node-gpu')
  const napi = Math.max(...readJson(join(home, 'package.json')).binary.napi_versions)
  const { folder } = wheelSet(place)
  const key = keyOf(home, napi)
  return {
    home,
    napi,
    key,
    folder,
    target: join(folder, 'tensorflow'),
    include: join(place.root, 'node_modules/node-api-headers/include'),
    cached: join(place.cache, 'binding', key, 'tfjs_binding.node'),
    module: join(home, `lib/napi-v${napi}/tfjs_binding.node`),
    stamp: join(home, `lib/napi-v${napi}/stamp.json`),
    libraries: join(home, 'deps/lib'),
  }
}

/** All that decides the compiled bytes; the system's release stands for its C++ library. */
function keyOf(home, napi) {
  const folder = join(home, 'binding')
  const sources = readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
  const system = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  const own = [process.arch, system, version, String(napi), ...FLAGS, patchText()]
  return hashOf(...own, ...sources).slice(0, 32)
}

async function compile(place, files) {
  const draft = join(place.partial, 'tfjs_binding.node')
  mkdirSync(place.partial, { recursive: true })
  const paths = [`-I${files.include}`, `-I${join(files.target, 'include')}`, `-L${files.target}`]
  const sources = patchSources(join(files.home, 'binding'), join(place.partial, 'binding'), SOURCES)
  const link = [
    '-l:libtensorflow_cc.so.2',
    '-l:libtensorflow_framework.so.2',
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
    '-ldl',
  ]
  await run(compiler(), [
    ...FLAGS,
    `-DNAPI_VERSION=${files.napi}`,
    ...paths,
    ...sources,
    '-o',
    draft,
    ...link,
  ]).catch((error) => {
    if (!(error instanceof CommandFailed)) throw error
    throw new SetupTrouble(
      error.message,
      `The compiler needs C++17 and its headers: ${installCommand('g++')}`,
    )
  })
  mkdirSync(dirname(files.cached), { recursive: true })
  renameSync(draft, files.cached)
}

function compiler() {
  const found = findCompiler()
  if (found !== undefined) return found
  throw new SetupTrouble(
    'No C++ compiler is here; it builds the binding between Node and TensorFlow.',
    `Get it with: ${installCommand('g++')}`,
  )
}

function linkedTo(path) {
  try {
    return readlinkSync(path)
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EINVAL') return null
    throw error
  }
}

/** Puts a link in place at once, also over an older one. */
function link(path, target) {
  if (linkedTo(path) === target) return
  if (existsSync(path) && linkedTo(path) === null) rmSync(path, { recursive: true })
  const draft = `${path}.${process.pid}`
  rmSync(draft, { force: true })
  symlinkSync(target, draft)
  renameSync(draft, path)
}

/** Loads the binding once in a process of its own, so that a broken library is told now and not in a job. */
async function prove(files) {
  const script = `console.log(require(${JSON.stringify(files.module)}).TF_Version)`
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' }
  await run(process.execPath, ['-e', script], { env }).catch((error) => {
    if (!(error instanceof CommandFailed)) throw error
    rmSync(files.cached, { force: true })
    throw new SetupTrouble(
      `TensorFlow ${version} was set up but does not load: ${error.message}`,
      'Its libraries need Linux with glibc 2.27 or newer and a CPU with AVX.',
    )
  })
}
