import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { type Packed, tarOf } from '../../../src/cli/tar-stream.ts'
import { type Draft, type ImportOrder, importImages } from '../../../src/data/import/import-images.ts'
import { IMPORT_LIMITS, type ImportLimits } from '../../../src/data/import/limits.ts'
import { Registry } from '../../../src/data/import/registry.ts'
import type { ImportProgress } from '../../../src/experiment/dataset-view.ts'

/** A registry in a temporary folder, and a second folder for what is to be imported. */
const root = mkdtempSync(join(tmpdir(), 'jepalab-registry-'))
after(() => rmSync(root, { recursive: true, force: true }))
export const artifacts = join(root, 'artifacts')
mkdirSync(artifacts)
export const registry = new Registry(artifacts)

/** Writes a file below the folder of things to import and gives its path. */
export function put(name: string, bytes: Uint8Array | string): string {
  const path = join(root, 'files', name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
  return path
}

/** The path of a folder of files. */
export function putFolder(name: string, files: Readonly<Record<string, Uint8Array>>): string {
  for (const [file, bytes] of Object.entries(files)) put(`${name}/${file}`, bytes)
  return join(root, 'files', name)
}

/** The bytes of a tar archive of files, as the command line sends it. */
export async function tar(name: string, files: Readonly<Record<string, Uint8Array>>): Promise<Buffer> {
  const packed = Object.entries(files).map(
    ([file, bytes]): Packed => ({ name: file, path: put(`${name}-in/${file}`, bytes), bytes: bytes.length }),
  )
  const parts: Uint8Array[] = []
  for await (const part of tarOf(packed)) parts.push(part)
  return Buffer.concat(parts)
}

type Order = Partial<Omit<ImportOrder, 'path' | 'folder'>> & { readonly limits?: ImportLimits }

/** Imports a path and registers it, as the API does, in this thread. */
export async function add(
  path: string,
  order: Order = {},
  called?: string,
  tell: (progress: ImportProgress) => void = () => {},
): Promise<Draft & { id: string; created: boolean }> {
  const { limits = IMPORT_LIMITS, ...rest } = order
  const folder = await registry.workFolder()
  try {
    const draft = await importImages({ name: 'the upload', ...rest, path, folder }, tell, limits)
    return { ...draft, ...(await registry.commit(draft, called, '2026-01-02T03:04:05.000Z')) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Every file and folder of the registry: what an import that was refused must leave as it was. */
export function everything(): string[] {
  return readdirSync(artifacts, { recursive: true }).map(String).sort()
}
