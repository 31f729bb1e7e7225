// `node native/lanes/build.mjs`: builds the lanes kernels that are out of date, as the set-up does. With
// --sanitize: the kernels and native/lanes/check under the address and undefined-behaviour sanitizers.
import { join } from 'node:path'
import { endOnSignals } from '../setup/command.mjs'
import { lockFolder } from '../setup/lock.mjs'
import { readPlace } from '../setup/place.mjs'
import { assembleSanitized } from './assemble.mjs'
import { lanes } from './libraries.mjs'
import { demandCompiler, shopOf } from './shop.mjs'

const stopListening = endOnSignals()
try {
  const place = readPlace()
  const wait = () => process.stderr.write('Another set-up of this checkout is at work; waiting for it …\n')
  const lock = await lockFolder(place.root, wait)
  try {
    if (process.argv.includes('--sanitize')) await sanitize(place)
    else if (!lanes.isDone(place)) await lanes.run(place)
  } finally {
    await lock.release()
  }
} catch (error) {
  console.error(error.name === 'SetupTrouble' ? `✗ ${error.message}` : error)
  process.exitCode = 1
} finally {
  stopListening()
}

async function sanitize(place) {
  const shop = shopOf(place)
  const target = join(shop.folder, 'sanitized')
  const { program, libraries } = await assembleSanitized(shop, demandCompiler(), target)
  for (const library of libraries) console.log(`${program} --library ${library} --check --small`)
}
