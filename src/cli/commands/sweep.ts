import { defineCommand } from 'citty'
import type { Preset } from '../../experiment/presets.ts'
import type { SweepView } from '../../experiment/sweep-view.ts'
import { type ApiClient, CommandError } from '../client.ts'
import { connect, findId, JSON_ARG, URL_ARG } from '../connection.ts'
import { followSweep } from '../follow-sweep.ts'
import { readBody } from '../read-body.ts'
import { saveReply } from '../save-reply.ts'
import { sweepFigurePath } from '../sweep-figure.ts'

/** jepalab sweep SPEC: posts many runs at once, follows them, prints what they say together and draws it. */
export const sweep = defineCommand({
  meta: { name: 'sweep', description: 'Post many runs at once and watch them to their end' },
  args: {
    spec: {
      type: 'positional',
      required: true,
      description:
        'preset:NAME, a JSON file, - for standard input, or the JSON itself; with --extend the axes alone',
    },
    extend: {
      type: 'string',
      valueHint: 'id',
      description: 'Add the values of these axes to a sweep that is there; only new points run',
    },
    figure: {
      type: 'string',
      valueHint: 'file',
      description: 'Save the figure: a file ending in .svg, .png, .vl.json or .csv',
    },
    kind: { type: 'string', description: 'Which figure (default: the one that fits the sweep best)' },
    full: { type: 'boolean', description: 'With preset:NAME, its sweep of the size of a GPU' },
    detach: { type: 'boolean', description: 'Post only; print the id' },
    ...JSON_ARG,
    ...URL_ARG,
  },
  async run({ args }) {
    const client = connect(args)
    const { figure } = args
    if (figure !== undefined) sweepFigurePath('', figure, args.kind) // refused before an hour of training
    const { body, kind } = await readSweep(client, args.spec, args.full)
    const { id } =
      args.extend === undefined
        ? await client.post<SweepView>('/v1/sweeps', body)
        : await client.patch<SweepView>(`/v1/sweeps/${await findId(client, args.extend)}`, `{"axes":${body}}`)
    if (args.detach) {
      process.stdout.write(
        args.json ? `${JSON.stringify(await client.get(`/v1/sweeps/${id}`))}\n` : `${id}\n`,
      )
      return 0
    }
    return followSweep(client, id, args, async () => {
      if (figure !== undefined)
        await saveReply(client, sweepFigurePath(id, figure, args.kind ?? kind), figure)
      else process.stderr.write(`figure: jepalab figure ${id.slice(0, 10)} -o figure.png\n`)
    })
  },
})

/** The JSON text of a sweep, and the kind of figure that shows it best where a preset names one. */
async function readSweep(
  client: ApiClient,
  source: string,
  isFull = false,
): Promise<{ body: string; kind?: string | undefined }> {
  if (!source.startsWith('preset:')) {
    if (isFull) throw new CommandError('--full is for presets; give preset:NAME.')
    return { body: await readBody(source) }
  }
  const name = encodeURIComponent(source.slice('preset:'.length))
  const { spec, full, figure } = await client.get<Preset>(`/v1/presets/${name}`)
  if (isFull && full === undefined)
    throw new CommandError(`The preset ${name} has one size; leave out --full.`)
  return { body: JSON.stringify(isFull ? full : spec), kind: figure }
}
