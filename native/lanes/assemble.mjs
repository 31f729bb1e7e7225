import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { CommandFailed } from '../setup/command.mjs'
import { withProgress } from '../setup/progress.mjs'
import { installCommand, SetupTrouble } from '../setup/trouble.mjs'
import { compileAll, keepOnly, link } from './compile.mjs'
import { ADDON_FLAGS, instructionSets, KERNEL_FLAGS, LINK_FLAGS, SANITIZERS } from './instruction-sets.mjs'
import { kernelSources, sourcesIn } from './sources.mjs'

/** Compiles what has changed and links every library and the addon into `target`. @returns their names. */
export async function assembleAddon(shop, compiler, target) {
  const parts = [...kernelParts(shop, KERNEL_FLAGS, LINK_FLAGS), addonPart(shop)]
  const objects = await make({ ...shop, compiler }, parts, target, 'lanes kernels')
  keepOnly(shop.objects, objects)
  return parts.map(({ name }) => name)
}

/**
 * The same kernels and the programs that hold them to their plain models without Node, `check`, `mlp-check` and
 * `flow-check`; with `sanitized` all of them under the address and undefined-behaviour sanitizers.
 *
 * @returns the command lines that run each program on each library.
 */
export async function assembleChecks(shop, compiler, target, sanitized) {
  const extra = sanitized ? SANITIZERS : []
  const flags = [...KERNEL_FLAGS.filter((flag) => !sanitized || flag !== '-O3'), ...extra]
  const kernels = kernelParts(shop, flags, ['-shared', ...extra])
  const programs = [
    { name: 'check', room: 'check', words: '--check --small --library' },
    { name: 'mlp-check', room: 'mlp/check', words: '' },
    { name: 'flow-check', room: 'flow/check', words: '' },
  ].filter(({ room }) => sourcesIn(shop.home, room).length > 0)
  const linkFlags = [...extra, '-ldl']
  const parts = programs.map(({ name, room }) => ({
    name,
    files: sourcesIn(shop.home, room),
    flags,
    linkFlags,
  }))
  const here = { ...shop, compiler, objects: join(target, 'objects') }
  const objects = await make(
    here,
    [...kernels, ...parts],
    target,
    sanitized ? 'lanes, sanitized' : 'lanes, checks',
  )
  keepOnly(here.objects, objects)
  return programs.flatMap(({ name, words }) =>
    kernels.map((library) => [join(target, name), ...words.split(' '), join(target, library.name)].join(' ')),
  )
}

function kernelParts(shop, flags, linkFlags) {
  const files = kernelSources(shop.home)
  return instructionSets().map((set) => ({
    name: `liblanes-${set.name}.so`,
    files,
    flags: [...flags, ...set.flags],
    linkFlags: [...linkFlags, `-Wl,--version-script=${shop.exports}`],
  }))
}

/** Node itself has the functions of Node-API, hence no -z defs. */
function addonPart(shop) {
  const flags = [...ADDON_FLAGS, `-I${join(shop.headers, 'include')}`]
  return { name: 'lanes.node', files: sourcesIn(shop.home, 'addon'), flags, linkFlags: ['-shared', '-ldl'] }
}

async function make(shop, parts, target, title) {
  mkdirSync(target, { recursive: true })
  const tasks = parts.flatMap(({ files, flags }) => files.map((file) => ({ file, flags })))
  let done = 0
  const work = async () => {
    const objects = await compileAll(shop, tasks, (count) => {
      done = count
    })
    let first = 0
    for (const { name, files, linkFlags } of parts) {
      await link(shop, objects.slice(first, first + files.length), linkFlags, join(target, name))
      first += files.length
    }
    return objects
  }
  const tell = () => `, ${done} of ${tasks.length} files`
  return withProgress(title, work, { tell }).catch((error) => {
    if (!(error instanceof CommandFailed)) throw error
    throw new SetupTrouble(
      `The lanes kernels do not compile: ${reasonsIn(error)}`,
      `They need g++ 9 or newer, or clang++ 10: ${installCommand('g++')}`,
    )
  })
}

/** What the compiler and the linker call an error; they say much else. */
export function reasonsIn({ output, message }) {
  const told = output.split('\n').filter((line) => /\berror: (?!ld returned)|\bld\b.*: /.test(line))
  return told.length === 0
    ? message
    : told
        .slice(0, 5)
        .map((line) => line.slice(0, 300))
        .join('\n')
}
