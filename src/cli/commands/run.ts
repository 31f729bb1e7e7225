import { defineCommand } from 'citty'
import type { JobView } from '../../experiment/job-view.ts'
import { connect, JSON_ARG, URL_ARG } from '../connection.ts'
import { followJob } from '../follow-job.ts'
import { readBody } from '../read-body.ts'

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
    const job = await client.post<JobView>('/v1/jobs', await readBody(args.spec))
    for (const { pointer, message } of job.warnings) process.stderr.write(`warning  ${pointer}  ${message}\n`)
    if (args.detach) {
      process.stdout.write(args.json ? `${JSON.stringify(job)}\n` : `${job.id}\n`)
      return 0
    }
    return followJob(client, job.id, args)
  },
})
