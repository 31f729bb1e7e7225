// Syntax and imports that any Node can read: the version is checked before the rest is loaded.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 20)) {
  console.error(
    `Node ${process.versions.node} is too old: jepalab needs 20.20 or newer. Get it from https://nodejs.org`,
  )
  process.exit(1)
}

const start = performance.now()
const dependenciesOnly = process.argv.includes('--dependencies')
const { setUp } = await import('./set-up.mjs')
try {
  const { worked } = await setUp({ dependenciesOnly, retry: true })
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  if (worked) process.stderr.write(`✓ set-up complete, ${seconds} s\n`)
} catch (error) {
  console.error(error.name === 'SetupTrouble' ? `✗ ${error.message}` : error)
  process.exitCode = 1
}
