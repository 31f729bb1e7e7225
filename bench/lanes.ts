import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readInstallation } from '../src/experiment/installation.ts'
import { repositoryRoot } from '../src/experiment/repository.ts'
import { renderPng } from '../src/report/png.ts'
import { openLanes } from '../workers/engines/lanes/native.ts'
import type { Protocol } from './contest/hold.ts'
import { installPeers, run } from './contest/install.ts'
import { withKept } from './contest/kept.ts'
import { describeMachine, othersShare, THREADS } from './contest/machine.ts'
import type { Peer } from './contest/peer.ts'
import { scratchFolder } from './contest/scratch.ts'
import { buildProbe } from './lanes/build-probe.ts'
import { drawChart } from './lanes/chart.ts'
import { measureDescent } from './lanes/descent.ts'
import { measureFlow } from './lanes/flow.ts'
import { measureMlp } from './lanes/mlp.ts'
import { measurePeak } from './lanes/peak.ts'
import { type PeerName, startPeer } from './lanes/peers.ts'
import { type Results, type RowResult, writeReport } from './lanes/report.ts'
import { chooseRows, ROWS, type Row } from './lanes/rows.ts'

/**
 * The lanes kernels against PyTorch, JAX and diffrax, same maths, same cores, same minutes (BENCH.md).
 *
 *   npm run bench -- --suite lanes [--quick] [--rows WORD,…] [--out FOLDER]
 *
 * A run rewrites bench/results/lanes.json, the chart and the section of BENCH.md; one with chosen rows measures these anew and keeps the
 * others, whose commit the section tells; with --out it writes into a folder of its own, and with --quick it only prints.
 */
const { values: options } = parseArgs({
  options: { quick: { type: 'boolean' }, rows: { type: 'string' }, out: { type: 'string' } },
})
const tell = (line: string) => console.log(line)
const rows = chooseRows(options.rows?.split(',').filter(Boolean) ?? [], options.quick === true)
const protocol: Protocol = options.quick ? { seconds: 0.2, repeats: 3 } : { seconds: 0.3, repeats: 5 }
const scratch = scratchFolder()
const peers = new Map<PeerName, Peer>()
try {
  const results = await measure()
  const folder = options.out ?? (options.quick ? null : join(repositoryRoot(), 'bench/results'))
  if (folder !== null) save(results, folder, options.out === undefined)
  const failed = results.rows.filter(({ error }) => error !== null)
  for (const { row, error } of failed) console.error(`✗ ${row.id}: ${error}`)
  process.exitCode = failed.length > 0 ? 1 : 0
} finally {
  for (const peer of peers.values()) await peer.close()
  rmSync(scratch, { recursive: true, force: true })
}

async function measure(): Promise<Results> {
  const machine = describeMachine(['native', 'bench', 'workers'])
  const lanes = openLanes()
  const library = join(readInstallation().lanes!.folder, `liblanes-${lanes.name}.so`)
  const probe = await buildProbe()
  const python = await installPeers(tell)
  tell(
    `${machine.cores} × ${machine.cpu}, pinned to ${machine.pinned ?? 'nothing'}, ${machine.node}, commit ${machine.commit}`,
  )
  const others = await othersShare(1500)
  if (others !== null && others > 0.05) {
    tell(
      `! ${(100 * others).toFixed(0)} % of this machine is busy with other things: these figures will not be quiet ones`,
    )
  }
  tell(
    `${lanes.name}, ${THREADS} threads; FMA peak ${((await measurePeak(probe, 0.5)) / 1e9).toFixed(0)} GFLOP/s`,
  )
  const measured: RowResult[] = []
  const began = performance.now()
  for (const [index, row] of rows.entries()) {
    const passed = (performance.now() - began) / 1000
    const left = index === 0 ? '' : `, about ${Math.ceil((passed / index) * (rows.length - index))} s left`
    tell(`[${index + 1}/${rows.length}] ${row.id}${left}`)
    const result = await measureRow(row, library, probe, python, lanes)
    measured.push(result)
    for (const line of summarise(result)) tell(`  ${line}`)
  }
  const versions = Object.assign({}, ...[...peers.values()].map((peer) => peer.versions))
  return {
    machine,
    versions: { ...versions, python: (await run(python, ['--version'])).trim().replace('Python ', '') },
    library: lanes.name,
    threads: THREADS,
    busyWithOthers: others,
    protocol,
    rows: measured,
  }
}

async function measureRow(
  row: Row,
  library: string,
  probe: string,
  python: string,
  lanes: ReturnType<typeof openLanes>,
): Promise<RowResult> {
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  const peer = async (name: PeerName) => {
    const before = peers.get(name)
    const found = before?.isAlive ? before : await startPeer(name, python)
    peers.set(name, found)
    return found
  }
  try {
    if (row.kind === 'flow') {
      const flow = await measureFlow(row, lanes, await peer('diffrax'), protocol, scratch, tell)
      return { row, flow, error: null, seconds: seconds() }
    }
    const both = [await peer('torch'), await peer('jax')]
    const contest =
      row.kind === 'mlp'
        ? await measureMlp(row, { library, probe }, both, protocol, scratch, tell)
        : await measureDescent(row, { lanes, probe }, both, protocol, scratch, tell)
    return { row, contest, error: null, seconds: seconds() }
  } catch (error) {
    return { row, error: (error as Error).message, seconds: seconds() }
  }
}

function save(measured: Results, folder: string, benchMd: boolean): void {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'lanes.json')
  const results = withKept(
    measured,
    path,
    ROWS.map(({ id }) => id),
  )
  writeFileSync(path, `${JSON.stringify(results, null, 1)}\n`)
  const svg = drawChart(results)
  writeFileSync(join(folder, 'lanes.svg'), svg)
  writeFileSync(join(folder, 'lanes.png'), renderPng(svg))
  if (benchMd) {
    const file = join(repositoryRoot(), 'BENCH.md')
    writeFileSync(file, writeReport(readFileSync(file, 'utf8'), results))
  }
  tell(`written: ${folder}/lanes.json, .svg, .png${benchMd ? ' and BENCH.md' : ''}`)
}

function summarise(result: RowResult): string[] {
  if (result.error !== null) return [`✗ ${result.error}`]
  if ('flow' in result && result.flow !== undefined) {
    const { ours, descent, best } = result.flow
    return [
      `descent/flow evaluations ${(descent.evaluations / ours.evaluations).toPrecision(3)}; ` +
        `${best.solver}/ours time ${(best.median / ours.seconds).toPrecision(3)}`,
    ]
  }
  const { ours, best } = result.contest!
  const rates = Object.entries(ours).map(([name, { median }]) => `${name} ${median.toPrecision(3)}`)
  const others = Object.entries(best).map(
    ([name, { form, median }]) => `${name} ${median.toPrecision(3)} (${form})`,
  )
  const fastest = Math.max(...Object.values(best).map(({ median }) => median))
  const ratio = Object.values(ours)[0]!.median / fastest
  return [
    `${rates.join(', ')} against ${others.join(', ')}: ×${ratio.toFixed(1)}, target ×${result.row.target}`,
  ]
}
