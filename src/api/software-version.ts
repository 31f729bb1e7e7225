import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from '../experiment/repository.ts'

/** The version in package.json. */
export function softwareVersion(): string {
  const file = join(repositoryRoot(), 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
