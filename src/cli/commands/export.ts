import { defineCommand } from 'citty'
import { connect, findId, ID_ARG, URL_ARG } from '../connection.ts'
import { saveReply } from '../save-reply.ts'

const FORMATS = ['csv', 'npz', 'parquet', 'json']

/** jepalab export ID: the trajectory, measured and predicted, as a file. */
export const exportJob = defineCommand({
  meta: {
    name: 'export',
    description: "Save a job's trajectory: measured and predicted amplitudes over time",
  },
  args: {
    ...ID_ARG,
    format: { type: 'enum', options: FORMATS, description: 'Default: by the ending of the file, else csv' },
    output: {
      type: 'string',
      alias: 'o',
      valueHint: 'file',
      description: 'Default: ID.FORMAT; - for standard output',
    },
    points: { type: 'string', description: 'At most so many rows' },
    ...URL_ARG,
  },
  async run({ args }) {
    const client = connect(args)
    const id = await findId(client, args.id)
    const ending = FORMATS.find((format) => args.output?.endsWith(`.${format}`))
    const format = args.format ?? ending ?? 'csv'
    const query = new URLSearchParams({ format })
    if (args.points !== undefined) query.set('points', args.points)
    await saveReply(client, `/v1/jobs/${id}/trajectory?${query}`, args.output ?? `${id}.${format}`)
    return 0
  },
})
