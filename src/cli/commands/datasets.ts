import { resolve } from 'node:path'
import { defineCommand } from 'citty'
import { type DatasetRequest, type DatasetView, IMAGE_FORMATS } from '../../experiment/dataset-view.ts'
import { type Added, addOnServer, megabytes, upload } from '../add-dataset.ts'
import { type ApiClient, CommandError } from '../client.ts'
import { connect, JSON_ARG, URL_ARG } from '../connection.ts'
import { formatTable } from '../table.ts'

const ACTIONS = ['ls', 'add', 'rm'] as const

/** jepalab datasets ls | add PATH | rm NAME: the registered image sets. */
export const datasets = defineCommand({
  meta: {
    name: 'datasets',
    description: 'List image sets, add a file or a folder of images, or remove a set',
  },
  args: {
    action: { type: 'positional', required: false, description: 'ls (default), add or rm' },
    target: { type: 'positional', required: false, description: 'add: a file or folder; rm: a name or id' },
    name: { type: 'string', description: 'add: what to call the set (a-z 0-9 . _ -)' },
    labels: { type: 'string', valueHint: 'file', description: 'add: labels of IDX images' },
    format: { type: 'enum', options: [...IMAGE_FORMATS], description: 'add: default: by the bytes' },
    classes: { type: 'string', description: 'add: how many classes the labels have' },
    'patch-size': { type: 'string', description: 'add: cut photographs into squares of so many pixels' },
    stride: { type: 'string', description: 'add: pixels from patch to patch (default: the size)' },
    patches: { type: 'string', description: 'add: so many patches, at places drawn from --seed' },
    seed: { type: 'string', description: 'add: of the places of patches (default: 0)' },
    'on-server': { type: 'boolean', description: 'add: the path is one of the server, nothing is uploaded' },
    ...JSON_ARG,
    ...URL_ARG,
  },
  async run({ args }) {
    const client = connect(args)
    const { action = 'ls', target, json = false } = args
    if (action === 'ls') return list(client, json)
    if (action !== 'add' && action !== 'rm')
      throw new CommandError(`There is no datasets ${action}; ${ACTIONS.join(', ')} are there.`)
    if (target === undefined)
      throw new CommandError(`datasets ${action} needs ${action === 'add' ? 'a path' : 'a name or an id'}.`)
    if (action === 'rm') {
      const reply = await client.fetch(`/v1/datasets/${encodeURIComponent(target)}`, { method: 'DELETE' })
      const removed = (await reply.json()) as DatasetView
      process.stdout.write(json ? `${JSON.stringify(removed)}\n` : `removed  ${describe(removed)}\n`)
      return 0
    }
    const wishes = wishesOf(args)
    const { labels } = args
    const added = args['on-server']
      ? await addOnServer(client, {
          path: resolve(target),
          ...(labels && { labels: resolve(labels) }),
          ...wishes,
        })
      : await upload(client, target, labels, wishes)
    printAdded(added, json)
    return 0
  },
})

interface Options {
  readonly name?: string | undefined
  readonly format?: string | undefined
  readonly classes?: string | undefined
  readonly 'patch-size'?: string | undefined
  readonly stride?: string | undefined
  readonly patches?: string | undefined
  readonly seed?: string | undefined
}

function wishesOf(options: Options): Omit<DatasetRequest, 'path' | 'labels'> {
  const number = (name: 'classes' | 'patch-size' | 'stride' | 'patches' | 'seed') => {
    const text = options[name]
    if (text === undefined) return undefined
    if (!/^\d+$/.test(text)) throw new CommandError(`--${name} is ${text}; give a whole number.`)
    return Number(text)
  }
  const [classes, size, stride, count, seed] = [
    number('classes'),
    number('patch-size'),
    number('stride'),
    number('patches'),
    number('seed'),
  ]
  if (size === undefined && (stride ?? count ?? seed) !== undefined)
    throw new CommandError('--stride, --patches and --seed are for patches; give --patch-size too.')
  const patches = size !== undefined && {
    size,
    ...(stride !== undefined && { stride }),
    ...(count !== undefined && { count }),
    ...(seed !== undefined && { seed }),
  }
  return {
    ...(options.name !== undefined && { name: options.name }),
    ...(options.format !== undefined && { format: options.format as NonNullable<DatasetRequest['format']> }),
    ...(classes !== undefined && { classes }),
    ...(patches && { patches }),
  }
}

function printAdded({ dataset, created }: Added, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(dataset)}\n`)
    return
  }
  process.stdout.write(`${created ? 'added' : 'there already'}  ${describe(dataset)}\n`)
}

function describe({ id, names, count, height, width, channels, classes, bytes }: DatasetView): string {
  const labelled = classes === null ? 'no labels' : `${classes.length} classes`
  return [
    [id, ...names].join('  '),
    `${count} images of ${height}×${width}×${channels}, ${labelled}, ${megabytes(bytes)}`,
  ].join('  ')
}

async function list(client: ApiClient, json: boolean): Promise<number> {
  const sets: DatasetView[] = []
  for (let after: string | null = ''; after !== null; ) {
    const cursor: string = after === '' ? '' : `&after=${encodeURIComponent(after)}`
    const page: Page = await client.get<Page>(`/v1/datasets?limit=200${cursor}`)
    sets.push(...page.items)
    after = page.nextCursor
  }
  if (json) process.stdout.write(`${JSON.stringify({ items: sets })}\n`)
  else if (sets.length === 0) process.stdout.write('No image sets. Add one with jepalab datasets add.\n')
  else process.stdout.write(`${formatTable(HEADER, sets.map(rowOf))}\n`)
  return 0
}

interface Page {
  readonly items: readonly DatasetView[]
  readonly nextCursor: string | null
}

const HEADER = ['id', 'name', 'images', 'size', 'classes', 'format', 'bytes', 'created']

function rowOf(set: DatasetView) {
  const { id, names, count, height, width, channels, classes, source, bytes, createdAt } = set
  return [
    id,
    names.join(', '),
    count,
    `${height}×${width}×${channels}`,
    classes?.length ?? null,
    source.format,
    megabytes(bytes),
    createdAt.slice(0, 19).replace('T', ' '),
  ]
}
