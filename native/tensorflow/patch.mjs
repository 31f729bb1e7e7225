import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SetupTrouble } from '../setup/trouble.mjs'

/** What is added to the sources that the package carries, and behind which line of them. */
const ADDITIONS = [
  {
    file: 'tfjs_backend.h',
    after: '  bool is_gpu_device;\n',
    add: '  TFE_Context *context() const { return tfe_context_; }\n',
  },
  {
    file: 'tfjs_binding.cc',
    after: 'namespace tfnodejs {\n',
    add: [
      'napi_value AddFunction(napi_env, napi_callback_info);',
      'napi_value RemoveFunction(napi_env, napi_callback_info);',
      'napi_value Operations(napi_env, napi_callback_info);',
      'napi_value HasOneDnn(napi_env, napi_callback_info);',
      'napi_value InstructionSets(napi_env, napi_callback_info);',
      'napi_value LoadKernels(napi_env, napi_callback_info);\n',
    ].join('\n'),
  },
  {
    file: 'tfjs_binding.cc',
    after: '  napi_property_descriptor exports_properties[] = {\n',
    add: ['addFunction', 'removeFunction', 'operations', 'hasOneDnn', 'instructionSets', 'loadKernels']
      .map(propertyOf)
      .join(''),
  },
]

/** Our own sources, compiled beside theirs, and what they include. */
const OWN = ['functions.cc', 'kernel-library.cc']
const INCLUDED = ['../lanes/addon/runnable.h']

/** All that the patch adds, for the key of what is compiled. */
export function patchText() {
  const texts = [...OWN, ...INCLUDED].map((name) => readFileSync(pathOf(name), 'utf8'))
  return [JSON.stringify(ADDITIONS), ...texts].join('\n')
}

/** Lays the package's sources with our additions into a folder. @returns the files to compile */
export function patchSources(from, to, sources) {
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from)) {
    const text = readFileSync(join(from, name), 'utf8')
    writeFileSync(join(to, name), withAdditions(name, text))
  }
  for (const name of [...OWN, ...INCLUDED]) copyFileSync(pathOf(name), join(to, basename(name)))
  return [...sources, ...OWN].map((name) => join(to, name))
}

function withAdditions(name, text) {
  return ADDITIONS.filter(({ file }) => file === name).reduce((patched, { after, add }) => {
    const parts = patched.split(after)
    if (parts.length !== 2) {
      throw new SetupTrouble(
        `The binding's source ${name} has ${parts.length - 1} lines ${after.trim()} and not one.`,
        'Take @tensorflow/tfjs-node-gpu in the version that package-lock.json names: delete node_modules, and run this again.',
      )
    }
    return `${parts[0]}${after}${add}${parts[1]}`
  }, text)
}

function propertyOf(name) {
  const call = `${name[0].toUpperCase()}${name.slice(1)}`
  return `      {"${name}", nullptr, ${call}, nullptr, nullptr, nullptr, napi_default, nullptr},\n`
}

function pathOf(name) {
  return fileURLToPath(new URL(name, import.meta.url))
}
