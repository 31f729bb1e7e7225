#!/usr/bin/env node
// `jepalab …`: sets the checkout up where something is missing, then runs the command.
import { existsSync } from 'node:fs'
import { demandNode } from './node-version.mjs'

demandNode()
const argv = process.argv.slice(2)
const program = new URL('../../dist/src/cli/main.js', import.meta.url)
const { setUp } = await import('./set-up.mjs')
try {
  await setUp()
} catch (error) {
  console.error(error.name === 'SetupTrouble' ? `✗ ${error.message}` : error)
  // The doctor is asked when something is wrong, so it goes on with what is there.
  if (argv[0] !== 'doctor' || !existsSync(program)) process.exit(1)
}
const { main } = await import(program.href)
process.exitCode = await main(argv)
