import { defineCommand } from 'citty'
import type { JobView } from '../../experiment/job-view.ts'
import type { SweepView } from '../../experiment/sweep-view.ts'
import { connect, findId, ID_ARG, isSweep, URL_ARG } from '../connection.ts'

/** jepalab cancel ID: asks a job to end, or the jobs of a sweep that nobody else wants; training ones end within seconds. */
export const cancel = defineCommand({
  meta: { name: 'cancel', description: 'Ask a job or a sweep to end' },
  args: { ...ID_ARG, ...URL_ARG },
  async run({ args }) {
    const client = connect(args)
    const id = await findId(client, args.id)
    const path = isSweep(id) ? `/v1/sweeps/${id}` : `/v1/jobs/${id}`
    const { state } = await client.post<Pick<JobView, 'state'> | Pick<SweepView, 'state'>>(`${path}/cancel`)
    process.stdout.write(`${id} is ${state}.\n`)
    return 0
  },
})
