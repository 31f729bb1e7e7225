import { defineCommand } from 'citty'
import { CommandError } from '../client.ts'
import { connect, findId, ID_ARG, URL_ARG } from '../connection.ts'
import { saveReply } from '../save-reply.ts'

const FORMATS = ['vl.json', 'svg', 'png']

/** jepalab figure ID: measured against predicted amplitudes, as a file. */
export const figure = defineCommand({
  meta: { name: 'figure', description: "Save a job's figure: measured against predicted amplitudes" },
  args: {
    ...ID_ARG,
    output: {
      type: 'string',
      alias: 'o',
      valueHint: 'file',
      description:
        'A file ending in .svg, .png or .vl.json (default: ID.svg), or - for standard output (svg)',
    },
    ...URL_ARG,
  },
  async run({ args }) {
    const client = connect(args)
    const id = await findId(client, args.id)
    const file = args.output ?? `${id}.svg`
    const format = file === '-' ? 'svg' : FORMATS.find((ending) => file.endsWith(`.${ending}`))
    if (format === undefined) throw new CommandError(`${file} must end in .svg, .png or .vl.json.`)
    await saveReply(client, `/v1/jobs/${id}/figure.${format}`, file)
    return 0
  },
})
