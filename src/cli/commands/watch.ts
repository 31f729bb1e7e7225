import { defineCommand } from 'citty'
import { connect, findId, ID_ARG, isSweep, JSON_ARG, URL_ARG } from '../connection.ts'
import { followJob } from '../follow-job.ts'
import { followSweep } from '../follow-sweep.ts'

/** jepalab watch ID: follows a job or a sweep to its end and prints its result. */
export const watch = defineCommand({
  meta: { name: 'watch', description: 'Follow a job or a sweep to its end and print its result' },
  args: { ...ID_ARG, ...JSON_ARG, ...URL_ARG },
  async run({ args }) {
    const client = connect(args)
    const id = await findId(client, args.id)
    return isSweep(id) ? followSweep(client, id, args) : followJob(client, id, args)
  },
})
