import { defineCommand } from 'citty'
import type { Preset } from '../../experiment/presets.ts'
import { connect, JSON_ARG, URL_ARG } from '../connection.ts'
import { formatTable } from '../table.ts'

/** jepalab presets: the experiments of the paper; with a name the sweep itself, ready to be changed. */
export const presets = defineCommand({
  meta: { name: 'presets', description: "List the paper's experiments, or print one as a sweep" },
  args: {
    name: { type: 'positional', required: false, description: 'Print the sweep of this preset' },
    ...JSON_ARG,
    ...URL_ARG,
  },
  async run({ args }) {
    const client = connect(args)
    if (args.name !== undefined) {
      const preset = await client.get<Preset>(`/v1/presets/${encodeURIComponent(args.name)}`)
      if (args.json) process.stdout.write(`${JSON.stringify(preset)}\n`)
      else {
        process.stderr.write(`${preset.claim}\n(${preset.source})\n`)
        process.stdout.write(`${JSON.stringify(preset.spec, null, 2)}\n`)
      }
      return 0
    }
    const list = await client.get<{ items: Preset[] }>('/v1/presets')
    if (args.json) process.stdout.write(`${JSON.stringify(list)}\n`)
    else process.stdout.write(`${formatTable(['preset', 'what it shows'], list.items.map(rowOf))}\n`)
    return 0
  },
})

function rowOf({ name, title }: Preset): string[] {
  return [name, title]
}
