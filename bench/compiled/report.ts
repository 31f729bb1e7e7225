import type { ContestResult } from '../contest/hold.ts'
import { type Kept, keptLines } from '../contest/kept.ts'
import type { Machine } from '../contest/machine.ts'
import { withSection } from '../contest/section.ts'
import { CONTESTANTS, type ContestantName, PEERS, TITLES } from './contestants.ts'
import { GOAL_EAGER, type NetworkRow } from './rows.ts'

/** One row's outcome; `error` where it could not be measured. */
export interface RowResult {
  readonly row: NetworkRow
  readonly contest?: ContestResult
  readonly error: string | null
  readonly seconds: number
  /** Of a row that an earlier run measured. */
  readonly kept?: Kept
}

/** What bench/results/compiled.json holds. */
export interface Results {
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly threads: number
  readonly busyWithOthers: number | null
  readonly protocol: { readonly seconds: number; readonly repeats: number }
  readonly rows: readonly RowResult[]
}

/** Our time over that of the fastest peer, and over that of eager tfjs; undefined where there is none. */
export function ratios({ best }: ContestResult): {
  readonly peer: number | undefined
  readonly eager: number | undefined
} {
  const ours = best.recorded!.median
  const rates = PEERS.flatMap((name) => best[name]?.median ?? [])
  const over = (rate: number | undefined) => (rate === undefined ? undefined : rate / ours)
  return { peer: over(rates.length > 0 ? Math.max(...rates) : undefined), eager: over(best.tfjs?.median) }
}

/** The text of BENCH.md with the section between its marks written anew. */
export function writeReport(text: string, results: Results): string {
  return withSection(text, 'compiled', section(results))
}

function section({ machine, versions, threads, protocol, busyWithOthers, rows }: Results): string {
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const busy =
    busyWithOthers !== null && busyWithOthers > 0.05
      ? ` **${(100 * busyWithOthers).toFixed(0)} % of the machine was busy with other things.**`
      : ''
  const where = `${machine.cores} × ${machine.cpu}, ${threads} threads pinned to cores ${machine.pinned ?? '(not pinned)'}`
  return [
    `${machine.date}, commit ${machine.commit}${machine.changed ? ' with changes' : ''}. ${where}; node ${machine.node}, ${names.join(', ')}.${busy}`,
    `Run-steps a second: medians of ${protocol.repeats} turns of ≥ ${protocol.seconds} s, in brackets the lowest and highest.`,
    ...keptLines(rows),
    '![Milliseconds per run-step: the recorder against eager tfjs, PyTorch and JAX](bench/results/compiled.png)',
    table(
      [
        'batches of 64',
        ...CONTESTANTS.map((name) => TITLES[name]),
        'time / best peer',
        'goal',
        'time / tfjs',
        'goal',
      ],
      rows.map(cellsOf),
    ),
    'Forms:',
    table(
      ['', ...CONTESTANTS.map((name) => TITLES[name])],
      rows.map(({ row, contest }) => [
        row.title,
        ...CONTESTANTS.map((name) => contest?.best[name]?.form ?? ''),
      ]),
    ),
    '',
  ].join('\n\n')
}

function cellsOf({ row, contest, error }: RowResult): string[] {
  if (contest === undefined) return [row.title, `not measured: ${error}`]
  const { peer, eager } = ratios(contest)
  return [
    row.title,
    ...CONTESTANTS.map((name) => rateCell(contest, name)),
    `**${peer?.toFixed(2)}**`,
    row.goal === null ? '' : `≤ ${row.goal}`,
    `**${eager?.toFixed(2)}**`,
    `≤ ${GOAL_EAGER}`,
  ]
}

function rateCell({ best }: ContestResult, name: ContestantName): string {
  const found = best[name]
  if (found === undefined) return ''
  const { median, min, max } = found
  return `${figure(median)} [${figure(min)}, ${figure(max)}]`
}

/** Three digits, without a power of ten. */
function figure(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US')
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [row(head), row(head.map(() => '---')), ...lines.map(row)].join('\n')
}
