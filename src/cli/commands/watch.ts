import { defineCommand } from 'citty'
import { connect, findId, ID_ARG, JSON_ARG, URL_ARG } from '../connection.ts'
import { followJob } from '../follow-job.ts'

/** jepalab watch ID: follows a job to its end and prints its result. */
export const watch = defineCommand({
  meta: { name: 'watch', description: 'Follow a job to its end and print its result' },
  args: { ...ID_ARG, ...JSON_ARG, ...URL_ARG },
  async run({ args }) {
    const client = connect(args)
    return followJob(client, await findId(client, args.id), args)
  },
})
