import { defineCommand } from 'citty'
import type { JobView } from '../../experiment/job-view.ts'
import { depthOf } from '../../experiment/model-spec.ts'
import type { SweepView } from '../../experiment/sweep-view.ts'
import { CommandError } from '../client.ts'
import { connect, findId, JSON_ARG, URL_ARG } from '../connection.ts'
import { axesInWords } from '../show-sweep.ts'
import { formatTable } from '../table.ts'

interface Page<T> {
  readonly items: T[]
  readonly nextCursor: string | null
}

/** jepalab ls: the newest jobs or sweeps, a line each. */
export const ls = defineCommand({
  meta: { name: 'ls', description: 'List jobs, or sweeps, newest first' },
  args: {
    sweeps: { type: 'boolean', description: 'List sweeps' },
    sweep: { type: 'string', valueHint: 'id', description: 'Only jobs of this sweep' },
    state: { type: 'string', description: 'Only those in this state' },
    tag: { type: 'string', description: 'Only those with this tag' },
    limit: { type: 'string', default: '20', description: 'How many at most' },
    ...JSON_ARG,
    ...URL_ARG,
  },
  async run({ args }) {
    if (args.sweeps && args.sweep) throw new CommandError('--sweep lists jobs; leave out --sweeps.')
    const client = connect(args)
    const query = new URLSearchParams({ limit: args.limit })
    if (args.state) query.set('state', args.state)
    if (args.tag) query.set('tag', args.tag)
    if (args.sweep) query.set('sweep', await findId(client, args.sweep))
    const list = args.sweeps ? '/v1/sweeps' : '/v1/jobs'
    const page = await client.get<Page<JobView> | Page<SweepView>>(`${list}?${query}`)
    if (args.json) process.stdout.write(`${JSON.stringify(page)}\n`)
    else if (page.items.length === 0) process.stdout.write(args.sweeps ? 'No sweeps.\n' : 'No jobs.\n')
    else process.stdout.write(`${tableOf(page)}${page.nextCursor ? '\n…' : ''}\n`)
    return 0
  },
})

function tableOf({ items }: Page<JobView> | Page<SweepView>): string {
  return isSweeps(items) ? sweepTable(items) : jobTable(items)
}

function isSweeps(items: readonly JobView[] | readonly SweepView[]): items is readonly SweepView[] {
  return items[0] !== undefined && 'counts' in items[0]
}

function sweepTable(sweeps: readonly SweepView[]): string {
  const header = ['id', 'state', 'done', 'runs', 'axes', 'created', 'name']
  const rows = sweeps.map(({ id, state, progress, total, spec, createdAt }) => [
    id.slice(0, 10),
    state,
    `${Math.floor(progress.fraction * 100)} %`,
    total,
    axesInWords(spec),
    createdAt.slice(0, 19).replace('T', ' '),
    spec.name ?? '',
  ])
  return formatTable(header, rows)
}

function jobTable(jobs: readonly JobView[]): string {
  const header = ['id', 'state', 'done', 'objective', 'data', 'depth', 'training', 'created', 'name']
  const rows = jobs.map(({ id, state, progress, spec, createdAt }) => [
    id.slice(0, 10),
    state,
    `${Math.floor(progress.fraction * 100)} %`,
    spec.objective,
    spec.data.kind,
    String(depthOf(spec.model)),
    spec.training.mode,
    createdAt.slice(0, 19).replace('T', ' '),
    spec.name ?? '',
  ])
  return formatTable(header, rows)
}
