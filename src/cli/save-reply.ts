import { writeFile } from 'node:fs/promises'
import { type ApiClient, CommandError } from './client.ts'

/** Writes what the API answers to a file and says so, or to standard output where the file is `-`. */
export async function saveReply(client: ApiClient, path: string, file: string): Promise<void> {
  const bytes = await client.getBytes(path)
  if (file === '-') {
    process.stdout.write(bytes)
    return
  }
  await writeFile(file, bytes).catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(`${file} cannot be written (${cause.code}); give another with -o.`, { cause })
  })
  process.stderr.write(`${file}, ${bytes.length} bytes\n`)
}
