// `npm run native`: builds what is out of date of the lanes kernels, tfjs-node's binding and the kernels of nets, as the set-up does. With --check also the plain
// programs that compare them with their models, with --sanitize these and the kernels under the address and
// undefined-behaviour sanitizers; then it prints the commands that run them.
import { join } from 'node:path'
import { endOnSignals } from '../setup/command.mjs'
import { lockFolder } from '../setup/lock.mjs'
import { readPlace } from '../setup/place.mjs'
import { readRecord } from '../setup/record.mjs'
import { SetupTrouble } from '../setup/trouble.mjs'
import { binding } from '../tensorflow/binding.mjs'
import { kernels } from '../tensorflow/kernels.mjs'
import { assembleChecks } from './assemble.mjs'
import { lanes } from './libraries.mjs'
import { demandCompiler, shopOf } from './shop.mjs'

const TASKS = {
  undefined: async (place) => {
    const steps = readRecord(place).tensorflow?.folder ? [binding, kernels, lanes] : [lanes]
    for (const step of steps) if (!step.isDone(place)) await step.run(place)
  },
  '--check': (place) => buildChecks(place, 'checks', false),
  '--sanitize': (place) => buildChecks(place, 'sanitized', true),
}

const [option] = process.argv.slice(2)
const stopListening = endOnSignals()
try {
  const task = TASKS[option]
  if (task === undefined)
    throw new SetupTrouble(`${option} is no option.`, 'There are --check and --sanitize.')
  const place = readPlace()
  const wait = () => process.stderr.write('Another set-up is at work; waiting for it …\n')
  const locks = [await lockFolder(place.root, wait), await lockFolder(place.cache, wait)]
  try {
    await task(place)
  } finally {
    for (const lock of locks.reverse()) await lock.release()
  }
} catch (error) {
  console.error(error.name === 'SetupTrouble' ? `✗ ${error.message}` : error)
  process.exitCode = 1
} finally {
  stopListening()
}

async function buildChecks(place, folder, sanitized) {
  const shop = shopOf(place)
  const lines = await assembleChecks(shop, demandCompiler(), join(shop.folder, folder), sanitized)
  console.log(lines.join('\n'))
}
