import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The checkout's root, from source as from dist: the nearest folder upward whose package.json is jepalab's. */
export function repositoryRoot(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).name === 'jepalab') return folder
    if (folder === dirname(folder)) throw new Error('No package.json of jepalab above this file.')
  }
}
