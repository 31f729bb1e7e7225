import { defineCommand } from 'citty'
import { CommandError } from '../client.ts'
import { connect, findId, ID_ARG, isSweep, URL_ARG } from '../connection.ts'
import { saveReply } from '../save-reply.ts'

const FORMATS = ['csv', 'npz', 'parquet', 'json']

/** jepalab export ID: a job's trajectory, measured and predicted, or a sweep's runs as a file. */
export const exportJob = defineCommand({
  meta: {
    name: 'export',
    description: "Save a job's trajectory, measured and predicted, or a sweep's table (csv) or result (json)",
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
    const file = args.output ?? `${id}.${format}`
    if (isSweep(id)) {
      if (format !== 'csv' && format !== 'json')
        throw new CommandError(`A sweep is exported as csv or json, not as ${format}.`)
      if (args.points !== undefined)
        throw new CommandError('--points is for trajectories; a sweep has none of its own.')
      await saveReply(client, `/v1/sweeps/${id}/${format === 'csv' ? 'figure.csv' : 'result'}`, file)
      return 0
    }
    const query = new URLSearchParams({ format })
    if (args.points !== undefined) query.set('points', args.points)
    await saveReply(client, `/v1/jobs/${id}/trajectory?${query}`, file)
    return 0
  },
})
