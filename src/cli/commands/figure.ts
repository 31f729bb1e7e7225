import { defineCommand } from 'citty'
import { CommandError } from '../client.ts'
import { connect, findId, ID_ARG, isSweep, URL_ARG } from '../connection.ts'
import { saveReply } from '../save-reply.ts'
import { sweepFigurePath } from '../sweep-figure.ts'

const FORMATS = ['vl.json', 'svg', 'png']

/** jepalab figure ID: measured against predicted amplitudes of a job, or what a sweep shows, as a file. */
export const figure = defineCommand({
  meta: { name: 'figure', description: 'Save the figure of a job or a sweep: measured against predicted' },
  args: {
    ...ID_ARG,
    output: {
      type: 'string',
      alias: 'o',
      valueHint: 'file',
      description:
        'A file ending in .svg, .png, .vl.json or, for a sweep, .csv (default: ID.svg), or - for standard output (svg)',
    },
    kind: { type: 'string', description: 'Of a sweep: which figure (default: the one that fits it best)' },
    ...URL_ARG,
  },
  async run({ args }) {
    const client = connect(args)
    const id = await findId(client, args.id)
    const file = args.output ?? `${id}.svg`
    if (isSweep(id)) {
      await saveReply(client, sweepFigurePath(id, file, args.kind), file)
      return 0
    }
    if (args.kind !== undefined) throw new CommandError('--kind is for the figures of sweeps; a job has one.')
    const format = file === '-' ? 'svg' : FORMATS.find((ending) => file.endsWith(`.${ending}`))
    if (format === undefined) throw new CommandError(`${file} must end in .svg, .png or .vl.json.`)
    await saveReply(client, `/v1/jobs/${id}/figure.${format}`, file)
    return 0
  },
})
