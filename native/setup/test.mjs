// Runs the built tests. `npm test -- theory ledger` runs those with one of these words in their path; words
// that begin with a dash go to node. Node 20's runner takes no globs, hence the search.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const words = process.argv.slice(2)
const flags = words.filter((word) => word.startsWith('-'))
const filters = words.filter((word) => !word.startsWith('-')).map((word) => word.replace(/\.(ts|js)$/, ''))
const files = readdirSync(join(root, 'dist/test'), { recursive: true })
  .map((name) => join('dist/test', name))
  .filter((name) => name.endsWith('.test.js'))
  .filter((name) => filters.length === 0 || filters.some((word) => name.includes(word)))
  .sort()
if (files.length === 0) {
  console.error(`No test has ${filters.join(' or ')} in its path.`)
  process.exit(1)
}
const limits = ['--test-concurrency=2', '--test-timeout=600000'] // one file may take 10 min at most
const args = ['--enable-source-maps', '--test', '--test-reporter=spec', ...limits, ...flags, ...files]
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
process.exit(status ?? 1)
