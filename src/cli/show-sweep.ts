import { axisLength } from '../experiment/axes.ts'
import type { SweepSpec } from '../experiment/sweep.ts'
import type { SweepView } from '../experiment/sweep-view.ts'
import type { ApiClient } from './client.ts'
import { printSweepOutcome } from './follow-sweep.ts'
import { formatNumber } from './table.ts'

/** Prints a sweep as it is now, and what it found once it has ended. @returns the exit code */
export async function showSweep(
  client: ApiClient,
  id: string,
  { json }: { json?: boolean | undefined },
): Promise<number> {
  const sweep = await client.get<SweepView>(`/v1/sweeps/${id}`)
  if (json) {
    process.stdout.write(`${JSON.stringify(sweep)}\n`)
    return 0
  }
  process.stdout.write(`${describe(sweep)}\n`)
  if (sweep.finishedAt !== null) await printSweepOutcome(client, sweep, {})
  return 0
}

function describe({ id, state, progress, counts, total, spec, createdAt, finishedAt }: SweepView): string {
  const { name, tags = [], search = 'grid', question, claim } = spec
  const perState = Object.entries(counts).map(([name, n]) => `${n} ${name}`)
  const lines = [
    `${id}${name === undefined ? '' : `  ${name}`}`,
    `${state}, ${Math.floor(progress.fraction * 100)} %, ${total} runs: ${perState.join(', ') || 'none yet'}`,
    `${search} over ${axesInWords(spec)}${question === undefined ? '' : `, asking ${question}`}`,
    ...(claim === undefined ? [] : [`to decide ${claim}`]),
    `created ${createdAt}${finishedAt === null ? '' : `, ended ${finishedAt}`}`,
    ...(tags.length > 0 ? [`tags ${tags.join(', ')}`] : []),
  ]
  return lines.join('\n')
}

/** objective (2), init.scale (7 from 1e-4 to 0.1) */
export function axesInWords({ axes, search }: SweepSpec): string {
  return Object.entries(axes)
    .map(([path, axis], i) => {
      const isSought = search === 'random' || (search === 'boundary' && i === 1)
      const count = isSought ? '' : String(axisLength(axis))
      if (Array.isArray(axis) || 'seeds' in axis) return `${path} (${axisLength(axis)})`
      const [from, to] = 'log' in axis ? axis.log : axis.linear
      return `${path} (${count && `${count} from `}${formatNumber(from)} to ${formatNumber(to)})`
    })
    .join(', ')
}
