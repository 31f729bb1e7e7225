import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { defineCommand } from 'citty'
import type { JobView } from '../../experiment/job-view.ts'
import { CommandError } from '../client.ts'
import { connect, JSON_ARG, URL_ARG } from '../connection.ts'
import { followJob } from '../follow-job.ts'

/** jepalab run SPEC: posts, shows the warnings, follows the job, prints the result. */
export const run = defineCommand({
  meta: { name: 'run', description: 'Post an experiment and watch it to its end' },
  args: {
    spec: {
      type: 'positional',
      required: true,
      description: 'A JSON file, - for standard input, or the JSON itself',
    },
    detach: { type: 'boolean', description: 'Post only; print the id' },
    ...JSON_ARG,
    ...URL_ARG,
  },
  async run({ args }) {
    const client = connect(args)
    const job = await client.post<JobView>('/v1/jobs', await readSpec(args.spec))
    for (const { pointer, message } of job.warnings) process.stderr.write(`warning  ${pointer}  ${message}\n`)
    if (args.detach) {
      process.stdout.write(args.json ? `${JSON.stringify(job)}\n` : `${job.id}\n`)
      return 0
    }
    return followJob(client, job.id, args)
  },
})

async function readSpec(source: string): Promise<string> {
  if (source === '-') return text(process.stdin)
  if (source.trimStart().startsWith('{')) return source
  return readFile(source, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new CommandError(
      `${source} cannot be read (${cause.code}); give a JSON file, - or the JSON itself.`,
      {
        cause,
      },
    )
  })
}
