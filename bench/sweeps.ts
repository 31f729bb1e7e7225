import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { JobView } from '../src/experiment/job-view.ts'
import type { ExperimentSpec } from '../src/experiment/spec.ts'
import { ENDED } from '../src/experiment/states.ts'
import type { SweepSpec } from '../src/experiment/sweep.ts'
import type { SweepResult, SweepView } from '../src/experiment/sweep-view.ts'
import { type RunningService, startService } from './running-service.ts'
import type { Visit } from './visitor.ts'

/**
 * A sweep through HTTP, from POST to every result readable, while somebody asks the API for this and that; the peer is the
 * same runs posted one by one, which is what a sweep runner that knows no cohorts does, in the same service and minutes.
 *
 *   npm run bench -- --suite sweeps [--runs 10000] [--alone 200]
 */
const { values } = parseArgs({ options: { runs: { type: 'string' }, alone: { type: 'string' } } })
const RUNS = Number(values.runs ?? 10_000)
const ALONE = Number(values.alone ?? 200)
const POLL_MS = 20
const STEPS = 2000

const base: ExperimentSpec = {
  objective: 'jepa',
  data: {
    kind: 'gaussian',
    lambda: [1.6, 1.4, 1.2, 1.1, 1, 0.9, 0.8, 0.7],
    rho: [0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9],
  },
  model: { kind: 'deep-linear', depth: 2 },
  init: { kind: 'balanced', scale: 0.05 },
  training: { mode: 'gradient-descent', learningRate: 0.05, steps: STEPS },
}

const service = await startService()
try {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  console.log(`${cpus().length} × ${cpus()[0]?.model.trim()}, node ${process.version}, commit ${commit}`)
  await postAlone(service, [{ ...base, seed: 900_000 }]) // the worker is up
  const sweep = await timeSweep(service)
  const alone = await postAlone(
    service,
    Array.from({ length: ALONE }, (_, k) => ({ ...base, seed: 1_000_000 + k })),
  )
  const perRun = sweep.seconds / sweep.runs
  console.log(
    `one by one: ${ALONE} runs in ${alone.toFixed(1)} s, ${((1000 * alone) / ALONE).toFixed(1)} ms a run`,
  )
  console.log(
    `a run of the sweep takes ${(1000 * perRun).toFixed(2)} ms: ${(alone / ALONE / perRun).toFixed(1)} times less`,
  )
} finally {
  await service.end()
}

async function timeSweep({ url, pid }: RunningService): Promise<{ seconds: number; runs: number }> {
  const spec: SweepSpec = {
    base,
    axes: {
      objective: ['jepa', 'mae'],
      'init.scale': { log: [0.02, 0.2], count: 5 },
      seed: { seeds: RUNS / 10 },
    },
  }
  const visitor = visit(url)
  const watcher = watchMemory(pid)
  const began = performance.now()
  const seconds = () => (performance.now() - began) / 1000
  const reply = await fetch(`${url}/v1/sweeps`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(spec),
  })
  let view = (await reply.json()) as SweepView
  if (reply.status !== 202) throw new Error(`POST answered ${reply.status}: ${JSON.stringify(view)}`)
  console.log(`posted after ${seconds().toFixed(1)} s`)
  visitor.ask(`/v1/sweeps/${view.id}`)
  let [first, told] = [null as number | null, 0]
  while (view.finishedAt === null) {
    await sleep(250)
    view = (await (await fetch(`${url}/v1/sweeps/${view.id}`)).json()) as SweepView
    const done = view.counts.succeeded ?? 0
    if (done > 0) first ??= seconds()
    if (seconds() - told < 5) continue
    told = seconds()
    console.log(`  ${told.toFixed(0)} s: ${done} of ${view.total} done`)
  }
  const ended = seconds()
  const result = (await (await fetch(`${url}/v1/sweeps/${view.id}/result`)).json()) as SweepResult
  const readable = seconds()
  const latency = await visitor.leave()
  const memory = watcher.end()
  const whole = result.runs.filter(({ fingerprint }) => fingerprint !== null).length
  console.log(
    `${view.total} runs (d = 8, L = 2, ${STEPS} steps) ${view.state}: first result after ${first?.toFixed(1)} s, all after ${ended.toFixed(1)} s, read after ${readable.toFixed(1)} s; ${whole} have a result`,
  )
  console.log(`API meanwhile: ${latency}`)
  console.log(`most memory of a process: ${memory}`)
  return { seconds: readable, runs: view.total }
}

/** Somebody who looks at this and that meanwhile (visitor.ts). */
function visit(url: string) {
  const paths = ['/healthz', '/v1/jobs?limit=20', '/v1/sweeps']
  const file = new URL(`./visitor${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
  const visitor = new Worker(file, { workerData: { url, paths } })
  return {
    ask: (path: string) => visitor.postMessage(path),
    leave: async () => {
      visitor.postMessage(null)
      const [visits] = (await once(visitor, 'message')) as [Visit[]]
      const failed = visits.filter(({ isWell }) => !isWell).length
      const byPath = new Map<string, Visit[]>()
      for (const one of visits) byPath.set(one.path, [...(byPath.get(one.path) ?? []), one])
      const lines = [...byPath].map(([path, list]) => `  ${path}: ${quantiles(list)}`)
      return [`${quantiles(visits)}, ${failed} failed`, ...lines].join('\n')
    },
  }
}

function quantiles(list: readonly Visit[]): string {
  const sorted = list.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b)
  const at = (share: number) => `${sorted[Math.floor(share * (sorted.length - 1))]!.toFixed(0)} ms`
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, most ${at(1)} over ${list.length} requests`
}

/** The largest resident set of any descendant of a process, each second. */
function watchMemory(root: number) {
  const most = new Map<string, number>()
  const look = () => {
    for (const { name, bytes } of descendants(root)) most.set(name, Math.max(most.get(name) ?? 0, bytes))
  }
  const timer = setInterval(look, 1000)
  return {
    end: () => {
      look()
      clearInterval(timer)
      return [...most].map(([name, bytes]) => `${name} ${Math.round(bytes / 1e6)} MB`).join(', ')
    },
  }
}

function descendants(root: number): { name: string; bytes: number }[] {
  const parents = new Map<number, number>()
  const found: { name: string; bytes: number }[] = []
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const status = readFileSync(`/proc/${entry}/status`, 'utf8')
      parents.set(Number(entry), Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]))
    } catch {} // it has just ended
  }
  for (const pid of parents.keys()) {
    let at: number | undefined = pid
    while (at !== undefined && at !== root && at > 1) at = parents.get(at)
    if (at !== root) continue
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      const name = /(server|supervisor|trainer|redis-server|jepalab)/.exec(
        command.split('\0').slice(0, 6).join(' '),
      )?.[1]
      found.push({
        name: name ?? String(pid),
        bytes: 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0),
      })
    } catch {} // it has just ended
  }
  return found
}

/** Posts runs one by one and waits until all have ended. @returns seconds */
async function postAlone({ url }: RunningService, specs: readonly ExperimentSpec[]): Promise<number> {
  const began = performance.now()
  const ids: string[] = []
  for (const spec of specs) {
    const headers = { 'content-type': 'application/json' }
    const reply = await fetch(`${url}/v1/jobs`, { method: 'POST', headers, body: JSON.stringify(spec) })
    ids.push(((await reply.json()) as JobView).id)
  }
  for (const id of ids) {
    for (;;) {
      const { state } = (await (await fetch(`${url}/v1/jobs/${id}`)).json()) as JobView
      if (ENDED.has(state)) break
      await sleep(POLL_MS)
    }
  }
  return (performance.now() - began) / 1000
}
