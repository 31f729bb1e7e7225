import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Writes what a peer reads: case.json with the sizes, each array beside it as raw float64. @returns the case's path */
export function writeCase(
  folder: string,
  fields: Readonly<Record<string, unknown>>,
  arrays: Readonly<Record<string, Float64Array>>,
): string {
  mkdirSync(folder, { recursive: true })
  for (const [name, array] of Object.entries(arrays)) {
    writeFileSync(
      join(folder, `${name}.f64`),
      new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    )
  }
  const file = join(folder, 'case.json')
  writeFileSync(file, JSON.stringify(fields))
  return file
}
