import { rmSync } from 'node:fs'
import { buildStep } from '../setup/build-step.mjs'
import { CommandFailed, run } from '../setup/command.mjs'
import { SetupTrouble } from '../setup/trouble.mjs'
import { assembleAddon } from './assemble.mjs'
import { demandCompiler, keyOf, shopOf } from './shop.mjs'

/**
 * The lanes kernels, a library for each instruction set, and the addon through which Node calls them. Built once
 * for a user's cache and copied to node_modules/.jepalab/lanes, where workers/engines/lanes/native.ts finds them.
 */
export const lanes = {
  ...buildStep({
    name: 'lanes',
    shopOf,
    keyOf,
    demand: demandCompiler,
    assemble: (shop, stage, compiler) => assembleAddon(shop, compiler, stage),
    prove,
  }),
  optional: true,
  without: 'Without the lanes kernels deep linear jobs run on the other engines, more slowly.',
}

/** Opens what this CPU runs in a process of its own, so that a broken library is told now and not in a job. */
async function prove(folder, built) {
  const script = `
    const folder = process.argv[1]
    const addon = require(folder + '/lanes.node')
    const names = addon.instructionSets().filter((name) => require('fs').existsSync(folder + '/liblanes-' + name + '.so'))
    console.log(JSON.stringify(names.map((name) => addon.open(folder + '/liblanes-' + name + '.so').name)))`
  try {
    return JSON.parse(await run(process.execPath, ['-e', script, folder]))
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    rmSync(built, { recursive: true, force: true })
    throw new SetupTrouble(
      `The lanes kernels were built but do not load: ${error.message}`,
      'Run npm run setup again; where it persists, set CXX to another compiler.',
    )
  }
}
