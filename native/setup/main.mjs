// `npm run setup`: the set-up alone. With --dependencies only npm's packages, which is all that linting needs.
import { demandNode } from './node-version.mjs'

demandNode()
const start = performance.now()
const { setUp } = await import('./set-up.mjs')
try {
  const { worked } = await setUp({ dependenciesOnly: process.argv.includes('--dependencies'), retry: true })
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  if (worked) process.stderr.write(`✓ set-up complete, ${seconds} s\n`)
} catch (error) {
  console.error(error.name === 'SetupTrouble' ? `✗ ${error.message}` : error)
  process.exitCode = 1
}
