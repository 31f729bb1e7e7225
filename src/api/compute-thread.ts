import { readlinkSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { basename } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { ExperimentError } from '../experiment/failure.ts'
import type { Answer, Question, ThreadData } from './compute.ts'
import { COMPUTE } from './compute-table.ts'

/** The thread behind compute.ts: takes one question after the other and answers each. */
const LOWEST = 19 // nice
const STEP = 10 // more than the process, for a thread in the background

const port = parentPort
if (port === null) throw new Error('compute-thread.ts runs as a worker thread only.')

if ((workerData as ThreadData).background) giveWay()

let turn: Promise<void> = Promise.resolve()
port.on('message', (question: Question) => {
  turn = turn.then(async () => {
    const said = await answer(question)
    port.postMessage(said, handedOver(said))
  })
})

/** Plain bytes that own their memory go over as they are, however many: the event loop need not copy them. */
function handedOver(said: Answer): ArrayBuffer[] {
  const output = 'output' in said ? said.output : undefined
  const isPlain = output instanceof Uint8Array && output.constructor === Uint8Array
  return isPlain && output.byteLength === output.buffer.byteLength ? [output.buffer as ArrayBuffer] : []
}

async function answer({ ticket, name, input }: Question): Promise<Answer> {
  try {
    const output = await (COMPUTE[name] as (input: unknown) => unknown)(input)
    return { ticket, output }
  } catch (error) {
    if (error instanceof ExperimentError) return { ticket, code: error.code, facts: error.facts }
    return { ticket, crash: (error as Error).stack ?? String(error) }
  }
}

/** Lowers the priority of this thread alone, where the system has a number for it (Linux); elsewhere it stays as it is. */
function giveWay(): void {
  try {
    const thread = Number(basename(readlinkSync('/proc/thread-self')))
    setPriority(thread, Math.min(LOWEST, getPriority(thread) + STEP))
  } catch {
    // without /proc, or not allowed: it competes like any other thread
  }
}
