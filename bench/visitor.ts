import { parentPort, workerData } from 'node:worker_threads'

/**
 * Asks an API for one thing after the other, fifty times a second, whether or not the last answer is there; a thread of its
 * own, so that nothing but the API makes it wait. A message of a path adds it, one of null ends the visit and is answered with the times.
 */
const EVERY_MS = 20
const { url, paths: first } = workerData as { url: string; paths: string[] }
const paths = [...first]
const times: Visit[] = []
const asked: Promise<void>[] = []
let count = 0

/** One request: what was asked for, how long it took in ms, and whether it was answered well. */
export interface Visit {
  readonly path: string
  readonly milliseconds: number
  readonly isWell: boolean
}

async function ask(path: string): Promise<void> {
  const began = performance.now()
  const reply = await fetch(url + path).catch(() => null)
  await reply?.arrayBuffer()
  const kind = path.replace(/\/[a-z0-9]{27}/, '/{id}')
  times.push({ path: kind, milliseconds: performance.now() - began, isWell: reply?.ok === true })
}

const timer = setInterval(() => void asked.push(ask(paths[count++ % paths.length]!)), EVERY_MS)
parentPort?.on('message', async (path: string | null) => {
  if (path !== null) return void paths.push(path)
  clearInterval(timer)
  await Promise.all(asked)
  parentPort?.postMessage(times)
  parentPort?.close()
})
