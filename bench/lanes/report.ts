import type { ContestResult } from '../contest/hold.ts'
import { type Kept, keptLines } from '../contest/kept.ts'
import type { Machine } from '../contest/machine.ts'
import { withSection } from '../contest/section.ts'
import type { Timing } from '../contest/timing.ts'
import { type DescentResult, flopOf } from './descent.ts'
import { type FlowResult, WANTED } from './flow.ts'
import { PEER_TITLES, type PeerName } from './peers.ts'
import type { Row } from './rows.ts'

/** One row's outcome; `error` where it could not be measured. */
export interface RowResult {
  readonly row: Row
  readonly contest?: ContestResult & Partial<DescentResult>
  readonly flow?: FlowResult
  readonly error: string | null
  readonly seconds: number
  /** Of a row that an earlier run measured. */
  readonly kept?: Kept
}

/** What bench/results/lanes.json holds. */
export interface Results {
  readonly machine: Machine
  readonly versions: Readonly<Record<string, string>>
  readonly library: string
  readonly threads: number
  /** The share of the machine that others took before the first row; null where it cannot be told. */
  readonly busyWithOthers: number | null
  readonly protocol: { readonly seconds: number; readonly repeats: number }
  readonly rows: readonly RowResult[]
}

/** The text of BENCH.md with the section between its marks written anew. */
export function writeReport(text: string, results: Results): string {
  return withSection(text, 'lanes', section(results))
}

function section(results: Results): string {
  const { machine, versions, library, threads, protocol, busyWithOthers } = results
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const busy =
    busyWithOthers !== null && busyWithOthers > 0.05
      ? ` **${(100 * busyWithOthers).toFixed(0)} % of the machine was busy with other things.**`
      : ''
  const where = `${machine.cores} × ${machine.cpu}, ${threads} threads pinned to cores ${machine.pinned ?? '(not pinned)'}`
  return [
    `${machine.date}, commit ${machine.commit}${machine.changed ? ' with changes' : ''}. ${where}; ${library} build of the kernels, node ${machine.node}, ${names.join(', ')}.${busy}`,
    `FMA peak (registers only, float32, in turns with the rows of descent): ${peakRange(results.rows)} GFLOP/s. Medians of ${protocol.repeats} turns of ≥ ${protocol.seconds} s, in brackets the lowest and highest.`,
    ...keptLines(results.rows),
    '![Run-steps a second over d: lanes against PyTorch and JAX](bench/results/lanes.png)',
    '### Population descent, run-steps/s',
    contestTable(results, 'descent'),
    '### Sgd, d = 16, 256 runs, run-steps/s',
    contestTable(results, 'sgd'),
    '### Small MLPs 16-w-w-16, tanh, batches of 64, 64 runs, run-steps/s',
    contestTable(results, 'mlp'),
    `### Flow to the last critical time, 4 features, 8 runs, error ≤ ${WANTED.toExponential(0)}`,
    flowTable(results),
    '',
  ].join('\n\n')
}

function contestTable({ rows }: Results, kind: 'descent' | 'sgd' | 'mlp'): string {
  const share = kind === 'descent'
  const head = [
    '',
    'lanes (compensated)',
    ...(share ? ['of peak'] : []),
    'lanes (float32)',
    ...(share ? ['lanes (int8x3)'] : []),
    'PyTorch',
    'JAX',
    'ratio',
    ...(share ? ['ratio, int8x3'] : []),
    'target',
  ]
  const lines = rows
    .filter(({ row }) => row.kind === kind)
    .map(({ row, contest, error }) => {
      if (contest === undefined)
        return [labelOf(row), `not measured: ${error}`, ...head.slice(2).map(() => '')]
      const { compensated, float32, int8x3 } = contest.ours as Record<'compensated' | 'float32', Timing> & {
        readonly int8x3?: Timing
      }
      const ratio = (t: Timing) => `**${(t.median / fastest(contest)).toFixed(1)}**`
      const cells = [labelOf(row), timing(compensated)]
      if (share && row.kind === 'descent') {
        const of = (t: Timing) => `${((100 * t.median) / contest.beside.peak!.median).toFixed(0)} %`
        cells.push(`${of(compensated)} (float32 ${of(float32)})`)
      }
      const tiles = (of: (t: Timing) => string) => (share ? [int8x3 === undefined ? '–' : of(int8x3)] : [])
      cells.push(timing(float32), ...tiles(timing), peerCell(contest, 'torch'), peerCell(contest, 'jax'))
      return [...cells, ratio(compensated), ...tiles(ratio), `≥ ${row.target}`]
    })
  return table(head, lines)
}

function flowTable({ rows }: Results): string {
  const head = [
    '',
    'error',
    'evaluations a run',
    "descent's, same error",
    'ratio',
    'time',
    'diffrax',
    'ratio',
  ]
  const lines = rows
    .filter(({ row }) => row.kind === 'flow')
    .map(({ row, flow, error }) => {
      if (flow === undefined) return [labelOf(row), `not measured: ${error}`, ...head.slice(2).map(() => '')]
      const { ours, descent, best } = flow
      return [
        labelOf(row),
        ours.error.toExponential(1),
        figure(ours.evaluations),
        `${figure(descent.evaluations)} (η = ${descent.neededRate.toPrecision(2)}, bound by ${descent.boundBy})`,
        `**${figure(descent.evaluations / ours.evaluations)}**`,
        `${(1e3 * ours.seconds).toPrecision(3)} ms`,
        `${(1e3 * best.median).toPrecision(3)} ms (${best.solver}, rtol ${best.rtol}, error ${best.error.toExponential(1)})`,
        `**${(best.median / ours.seconds).toFixed(1)}**`,
      ]
    })
  return table(head, lines)
}

function labelOf(row: Row): string {
  if (row.kind === 'descent') return `R = ${row.runs}, d = ${row.features}`
  if (row.kind === 'mlp') return `w = ${row.width}`
  return row.kind === 'flow'
    ? `ε = ${row.scale.toExponential(0)}${row.turned ? ', turned' : ''}`
    : `B = ${row.rows}`
}

/** GFLOP/s, the lowest and highest of the rows' medians. */
function peakRange(rows: readonly RowResult[]): string {
  const peaks = rows.flatMap(({ row, contest }) =>
    row.kind === 'descent' && contest !== undefined ? (contest.beside.peak!.median * flopOf(row)) / 1e9 : [],
  )
  return `${Math.min(...peaks).toFixed(0)} to ${Math.max(...peaks).toFixed(0)}`
}

function fastest({ best }: ContestResult): number {
  return Math.max(...Object.values(best).map(({ median }) => median))
}

function peerCell({ best }: ContestResult, name: PeerName): string {
  const found = best[name]
  return found === undefined ? `no form of ${PEER_TITLES[name]}` : `${timing(found)} ${found.form}`
}

function timing({ median, min, max }: Timing): string {
  return `${figure(median)} [${figure(min)}, ${figure(max)}]`
}

/** Three digits, as 1.23e5 from a thousand on. */
function figure(value: number): string {
  return value >= 1000 ? value.toExponential(2).replace('+', '') : value.toPrecision(3)
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [row(head), row(head.map(() => '---')), ...lines.map(row)].join('\n')
}
