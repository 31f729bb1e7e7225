import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../experiment/repository.ts'
import { openapiYaml } from './openapi-yaml.ts'

/** `npm run openapi`: writes openapi.yaml from the app's own document, or with --check says whether it is that. */
const file = join(repositoryRoot(), 'openapi.yaml')
const text = await openapiYaml()
if (process.argv.includes('--check')) {
  process.exitCode = readFileSync(file, 'utf8') === text ? 0 : 1
} else {
  writeFileSync(file, text)
}
