import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { repositoryRoot } from '../src/experiment/repository.ts'
import { renderPng } from '../src/report/png.ts'
import { networkCase, writeNetworkCase } from './compiled/case.ts'
import { drawChart } from './compiled/chart.ts'
import { CONTESTANTS, startCrew } from './compiled/contestants.ts'
import type { Crew } from './compiled/crew.ts'
import { type Results, type RowResult, ratios, writeReport } from './compiled/report.ts'
import { chooseRows, type NetworkRow, ROWS } from './compiled/rows.ts'
import { difference } from './contest/difference.ts'
import { hold, type Protocol } from './contest/hold.ts'
import { installPeers, run } from './contest/install.ts'
import { withKept } from './contest/kept.ts'
import { describeMachine, othersShare, THREADS } from './contest/machine.ts'
import { scratchFolder } from './contest/scratch.ts'

/**
 * Recorded training steps against eager tfjs, PyTorch and JAX, same maths, same cores, same minutes (BENCH.md).
 *
 *   npm run bench -- --suite compiled [--rows ID,…] [--only CONTESTANT,…] [--quick] [--busy] [--out FOLDER]
 *
 * A whole run rewrites bench/results/compiled.json, the chart and the section of BENCH.md; one with chosen rows measures
 * these anew and keeps the others; with --out into a folder of its own, and with --only or --quick, or on a busy machine without
 * --busy, it only prints.
 */
const { values: options } = parseArgs({
  options: {
    rows: { type: 'string' },
    only: { type: 'string' },
    out: { type: 'string' },
    quick: { type: 'boolean' },
    busy: { type: 'boolean' },
  },
})
const PROTOCOL: Protocol = options.quick ? { seconds: 0.3, repeats: 3 } : { seconds: 0.5, repeats: 7 }
/** Above this share of others' work the figures say more of them than of the contestants. */
const BUSY = 0.25
const CHECK_STEPS = 20
const CHECK_RATE = 0.005
/** The arithmetic does not depend on the rate; at this one a lap of any length stays near its start. */
const TIME_RATE = 1e-6
/** Float32 sums in different orders: rounding only. */
const CLOSE = 1e-4
/**
 * Where an argument of relu is 0 but for rounding, two libraries may take it for different signs: once in some ten
 * million, but then the run's weights differ by so much. Of several runs, half must have met no such place.
 */
const CLOSE_AT_CORNERS = 1e-2

const tell = (line: string) => console.log(line)
const rows = chooseRows(options.rows?.split(',').filter(Boolean) ?? [])
const wanted = options.only?.split(',')
const names = CONTESTANTS.filter(
  (name) => wanted === undefined || name === 'recorded' || wanted.includes(name),
)
const scratch = scratchFolder()
const versions: Record<string, string> = {}
try {
  const results = await measure()
  const isMeant = wanted === undefined && !options.quick
  const isQuiet = options.busy === true || (results.busyWithOthers ?? 0) < BUSY
  if (isMeant && isQuiet) save(results, options.out ?? join(repositoryRoot(), 'bench/results'))
  else if (isMeant) tell('not written: this machine was busy with other things (--busy writes nevertheless)')
  const failed = results.rows.filter(({ error }) => error !== null)
  for (const { row, error } of failed) console.error(`✗ ${row.id}: ${error}`)
  process.exitCode = failed.length > 0 ? 1 : 0
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

async function measure(): Promise<Results> {
  const machine = describeMachine(['native', 'bench', 'workers'])
  const python = await installPeers(tell)
  tell(
    `${machine.cores} × ${machine.cpu}, pinned to ${machine.pinned ?? 'nothing'}, commit ${machine.commit}`,
  )
  const others = await othersShare(1500)
  if (others !== null && others > 0.05) {
    tell(
      `! ${(100 * others).toFixed(0)} % of this machine is busy with other things: these figures will not be quiet ones`,
    )
  }
  const measured: RowResult[] = []
  for (const [index, row] of rows.entries()) {
    tell(`[${index + 1}/${rows.length}] ${row.title}`)
    measured.push(await measureRow(row, python, machine.pinned))
  }
  versions.python = (await run(python, ['--version'])).trim().replace('Python ', '')
  return { machine, versions, threads: THREADS, busyWithOthers: others, protocol: PROTOCOL, rows: measured }
}

async function measureRow(row: NetworkRow, python: string, pinned: string | null): Promise<RowResult> {
  const folder = join(scratch, row.id)
  const began = performance.now()
  const crews: Crew[] = []
  const seconds = () => (performance.now() - began) / 1000
  try {
    const data = networkCase(row)
    const casePath = writeNetworkCase(folder, row, data)
    for (const name of names) crews.push(await startCrew(name, row, python, pinned))
    for (const crew of crews) Object.assign(versions, crew.versions)
    const ours = await trainOurs(crews[0]!, casePath, join(folder, 'ours.f64'))
    const contest = await hold(
      {
        runs: row.runs,
        casePath,
        folder,
        checkSteps: [CHECK_STEPS],
        checkRate: CHECK_RATE,
        timeRate: TIME_RATE,
        compare: ([theirs]) => compareRuns(row.runs, ours, theirs!, data.weights),
        ours: {},
      },
      crews,
      PROTOCOL,
      tell,
    )
    for (const name of names) {
      const { form, median, min, max } = contest.best[name]!
      const [rate, low, high] = [median, min, max].map((one) => one.toPrecision(3))
      tell(`  ${name}: ${rate} [${low}, ${high}] run-steps/s, ${form}`)
    }
    const { peer, eager } = ratios(contest)
    tell(
      `  time against the best peer ${peer?.toFixed(2)} (goal ${row.goal}), eager tfjs ${eager?.toFixed(2)}`,
    )
    return { row, contest, error: null, seconds: seconds() }
  } catch (error) {
    return { row, error: (error as Error).message, seconds: seconds() }
  } finally {
    for (const crew of crews) await crew.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** How far the weights of the runs are apart: the median of the runs, and the worst of them. */
function compareRuns(runs: number, ours: Float64Array, theirs: Float64Array, start: Float64Array) {
  const size = ours.length / runs
  const apart = Array.from({ length: runs }, (_, run) => {
    const [a, b, c] = [ours, theirs, start].map((all) => all.subarray(run * size, (run + 1) * size))
    return difference(a!, b!, c!)
  }).sort((a, b) => (a < b ? -1 : 1))
  const [middle, worst] = [apart[Math.floor((runs - 1) / 2)]!, apart.at(-1)!]
  const told = runs === 1 ? '' : `, worst of the runs ${worst.toExponential(1)}`
  return {
    agrees: middle < CLOSE && worst < (runs === 1 ? CLOSE : CLOSE_AT_CORNERS),
    comparison: `${middle.toExponential(1)} of the way moved${told}`,
  }
}

/** What every form is compared with: the weights that the recorder's first form comes to. */
async function trainOurs(crew: Crew, casePath: string, file: string): Promise<Float64Array> {
  const { forms } = await crew.ask({ do: 'open', case: casePath })
  const form = (forms as string[])[0]!
  await crew.ask({ do: 'train', form, steps: CHECK_STEPS, rate: CHECK_RATE, weights: file })
  await crew.ask({ do: 'drop', form })
  const bytes = readFileSync(file)
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}

function save(results: Results, folder: string): void {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'compiled.json')
  const whole = withKept(
    results,
    file,
    ROWS.map(({ id }) => id),
  )
  writeFileSync(file, `${JSON.stringify(whole, null, 1)}\n`)
  const svg = drawChart(whole)
  writeFileSync(join(folder, 'compiled.svg'), svg)
  writeFileSync(join(folder, 'compiled.png'), renderPng(svg))
  if (options.out !== undefined) return
  const report = join(repositoryRoot(), 'BENCH.md')
  writeFileSync(report, writeReport(readFileSync(report, 'utf8'), whole))
  tell(`written: ${folder}/compiled.json, .svg, .png and BENCH.md`)
}
