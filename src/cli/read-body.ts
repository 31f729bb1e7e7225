import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { CommandError } from './client.ts'

/** The JSON text that a user means: a file, - for standard input, or the JSON itself. @throws CommandError */
export async function readBody(source: string): Promise<string> {
  if (source === '-') return text(process.stdin)
  if (source.trimStart().startsWith('{')) return source
  return readFile(source, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(
      `${source} cannot be read (${cause.code}); give a JSON file, - or the JSON itself.`,
      { cause },
    )
  })
}
