import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { repositoryRoot } from '../../src/experiment/repository.ts'

/** One source file of the checkout and what it imports. */
export interface SourceFile {
  readonly path: string // from the root, with /
  readonly text: string
  readonly imports: readonly string[] // as written
  readonly targets: readonly string[] // of relative imports, from the root
}

const root = repositoryRoot()

/** The code files below some folders of the checkout; a folder that is not there has none. */
export function sourceFiles(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) => pathsBelow(folder)).map(readSource)
}

/** Every entry below a folder, files only, from the root; what is built or fetched is left out. */
export function pathsBelow(folder: string): string[] {
  const entries = readdirIfThere(folder)
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (!entry.isDirectory()) return [path]
    return ['node_modules', 'build', 'dist'].includes(entry.name) ? [] : pathsBelow(path)
  })
}

/** The names directly in a folder of the checkout. */
export function namesIn(folder: string): string[] {
  return readdirIfThere(folder).map(({ name }) => name)
}

export function readRoot(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

function readdirIfThere(folder: string) {
  try {
    return readdirSync(join(root, folder), { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

const CODE = /\.(ts|mjs|js)$/
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s*)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g

/** Every module that a text imports or exports from: static, for types only, over several lines, dynamic. */
export function importsIn(text: string): string[] {
  return [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2]!)
}

function readSource(path: string): SourceFile {
  const text = readRoot(path)
  const imports = CODE.test(path) ? importsIn(text) : []
  const targets = imports.filter((name) => name.startsWith('.')).map((name) => join(dirname(path), name))
  return { path, text, imports, targets }
}
