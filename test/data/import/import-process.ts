import { rmSync } from 'node:fs'
import { importImages } from '../../../src/data/import/import-images.ts'
import { Registry } from '../../../src/data/import/registry.ts'
import { ExperimentError } from '../../../src/experiment/failure.ts'

/** A process that imports one file into an artifact folder and prints what it says. */
const [artifacts, path] = process.argv.slice(2) as [string, string]
const registry = new Registry(artifacts)
const folder = await registry.workFolder()
try {
  const draft = await importImages({ path, name: 'the upload', folder }, () => {})
  const { id } = await registry.commit(draft, undefined, '2026-01-02T03:04:05.000Z')
  process.stdout.write(`${id}\n`)
} catch (error) {
  if (!(error instanceof ExperimentError)) throw error
  process.stdout.write(`${error.code} ${error.message}\n`)
} finally {
  rmSync(folder, { recursive: true })
}
