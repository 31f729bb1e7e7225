import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ApiClient } from '../client.ts'
import type { Study } from './studies.ts'
import type { Twins } from './twins.ts'

/**
 * One picture per study, JEPA's panels above MAE's, as svg and png.
 *
 * @returns the files written
 */
export async function writeFigures(
  client: ApiClient,
  folder: string,
  study: Study,
  all: readonly Twins[],
): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  const [first, ...beside] = [...all.map(({ jepa }) => jepa.id), ...all.map(({ mae }) => mae.id)]
  const query = new URLSearchParams({
    beside: beside.join(','),
    columns: String(Math.min(4, all.length)),
    title: study.title,
  })
  const files = []
  for (const format of ['svg', 'png']) {
    const file = join(folder, `${study.name}.${format}`)
    await writeFile(file, await client.getBytes(`/v1/jobs/${first}/figure.${format}?${query}`))
    files.push(file)
  }
  return files
}
