import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startService } from './running-service.ts'

/**
 * How long GET of a job takes while a worker trains at full load (autocannon -c 10 -R 200), and how soon the
 * API answers after its start. The peer is a bare node:http server that sends the same bytes, under the same
 * load, beside the same training.
 */
const SECONDS = Number(process.argv[2] ?? 20)

interface Load {
  readonly latency: { p50: number; p99: number; max: number }
  readonly non2xx: number
  readonly errors: number
  readonly requests: { total: number }
}

const service = await startService()
const { url, milliseconds } = service
try {
  const job = await trainForLong(url)
  const text = await (await fetch(`${url}/v1/jobs/${job}`)).text()
  const first = await loadOf(`${url}/v1/jobs/${job}`)
  const ours = await loadOf(`${url}/v1/jobs/${job}`)
  const peer = await withPeer(text, loadOf)
  const { state } = (await (await fetch(`${url}/v1/jobs/${job}`)).json()) as { state: string }
  await fetch(`${url}/v1/jobs/${job}/cancel`, { method: 'POST' })
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  console.log(`${cpus().length} × ${cpus()[0]?.model.trim()}, node ${process.version}, commit ${commit}`)
  console.log(`first 200 of /healthz after ${milliseconds.toFixed(0)} ms; the job was ${state} throughout`)
  console.log(describe('GET /v1/jobs/{id}, at first', first))
  console.log(describe('GET /v1/jobs/{id}, then', ours))
  console.log(describe('bare node:http, same bytes', peer))
  console.log(`ratio of p99: ${(ours.latency.p99 / Math.max(peer.latency.p99, 1)).toFixed(2)}`)
} finally {
  await service.end()
}

/** A job that keeps a core busy far longer than the measurement. @returns its id, once it trains */
async function trainForLong(url: string): Promise<string> {
  const lambda = Array.from({ length: 32 }, (_, i) => 1 / (i + 1))
  const spec = {
    objective: 'jepa',
    data: { kind: 'gaussian', lambda, rho: lambda.map(() => 0.5), rotation: { kind: 'haar' } },
    model: { kind: 'deep-linear', depth: 3 },
    init: { kind: 'balanced', scale: 0.01 },
    training: { mode: 'sgd', learningRate: 1e-4, batchSize: 256, steps: 10_000_000 },
    engine: 'reference',
  }
  const headers = { 'content-type': 'application/json' }
  const reply = await fetch(`${url}/v1/jobs`, { method: 'POST', headers, body: JSON.stringify(spec) })
  const { id } = (await reply.json()) as { id: string }
  for (;;) {
    const { state } = (await (await fetch(`${url}/v1/jobs/${id}`)).json()) as { state: string }
    if (state === 'running') return id
    if (state !== 'queued' && state !== 'starting') throw new Error(`The job to train is ${state}.`)
    await sleep(100)
  }
}

async function loadOf(url: string): Promise<Load> {
  const autocannon = fileURLToPath(import.meta.resolve('autocannon'))
  const warm = ['-W', '[', '-c', '10', '-d', '3', ']']
  const args = [autocannon, ...warm, '-c', '10', '-R', '200', '-d', String(SECONDS), '-j', '-n', url]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  for await (const chunk of child.stdout) text += chunk
  const found = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Load)
  return found.at(-1)!
}

async function withPeer(text: string, measure: (url: string) => Promise<Load>): Promise<Load> {
  const peer = createServer((_, reply) => {
    reply.setHeader('content-type', 'application/json; charset=utf-8')
    reply.end(text)
  })
  await once(peer.listen(0, '127.0.0.1'), 'listening')
  try {
    return await measure(`http://127.0.0.1:${(peer.address() as AddressInfo).port}/`)
  } finally {
    peer.closeAllConnections()
    peer.close()
  }
}

function describe(name: string, { latency, non2xx, errors, requests }: Load): string {
  const { p50, p99, max } = latency
  return `${name.padEnd(28)} p50 ${p50} ms, p99 ${p99} ms, max ${max} ms (${requests.total} requests, ${non2xx + errors} failed)`
}
