import { defineCommand } from 'citty'
import type { JobView } from '../../experiment/job-view.ts'
import { connect, findId, ID_ARG, URL_ARG } from '../connection.ts'

/** jepalab cancel ID: asks a job to end; a training one ends within seconds. */
export const cancel = defineCommand({
  meta: { name: 'cancel', description: 'Ask a job to end' },
  args: { ...ID_ARG, ...URL_ARG },
  async run({ args }) {
    const client = connect(args)
    const id = await findId(client, args.id)
    const job = await client.post<JobView>(`/v1/jobs/${id}/cancel`)
    process.stdout.write(`${job.id} is ${job.state}.\n`)
    return 0
  },
})
