import { defineCommand } from 'citty'
import type { JobView } from '../../experiment/job-view.ts'
import { connect, JSON_ARG, URL_ARG } from '../connection.ts'
import { formatTable } from '../table.ts'

/** jepalab ls: the newest jobs, a line each. */
export const ls = defineCommand({
  meta: { name: 'ls', description: 'List jobs, newest first' },
  args: {
    state: { type: 'string', description: 'Only jobs in this state' },
    tag: { type: 'string', description: 'Only jobs with this tag' },
    limit: { type: 'string', default: '20', description: 'How many at most' },
    ...JSON_ARG,
    ...URL_ARG,
  },
  async run({ args }) {
    const query = new URLSearchParams({ limit: args.limit })
    if (args.state) query.set('state', args.state)
    if (args.tag) query.set('tag', args.tag)
    const page = await connect(args).get<{ items: JobView[]; nextCursor: string | null }>(`/v1/jobs?${query}`)
    if (args.json) process.stdout.write(`${JSON.stringify(page)}\n`)
    else if (page.items.length === 0) process.stdout.write('No jobs.\n')
    else process.stdout.write(`${jobTable(page.items)}${page.nextCursor ? '\n…' : ''}\n`)
    return 0
  },
})

function jobTable(jobs: readonly JobView[]): string {
  const header = ['id', 'state', 'done', 'objective', 'data', 'depth', 'training', 'created', 'name']
  const rows = jobs.map(({ id, state, progress, spec, createdAt }) => [
    id.slice(0, 10),
    state,
    `${Math.floor(progress.fraction * 100)} %`,
    spec.objective,
    spec.data.kind,
    String(spec.model.depth),
    spec.training.mode,
    createdAt.slice(0, 19).replace('T', ' '),
    spec.name ?? '',
  ])
  return formatTable(header, rows)
}
