import { parentPort } from 'node:worker_threads'
import { ExperimentError } from '../experiment/failure.ts'
import type { Answer, Question } from './compute.ts'
import { COMPUTE } from './compute-table.ts'

/** The thread behind compute.ts: takes one question after the other and answers each. */
const port = parentPort
if (port === null) throw new Error('compute-thread.ts runs as a worker thread only.')

let turn: Promise<void> = Promise.resolve()
port.on('message', (question: Question) => {
  turn = turn.then(async () => port.postMessage(await answer(question)))
})

async function answer({ ticket, name, input }: Question): Promise<Answer> {
  try {
    const output = await (COMPUTE[name] as (input: unknown) => unknown)(input)
    return { ticket, output }
  } catch (error) {
    if (error instanceof ExperimentError) return { ticket, code: error.code, facts: error.facts }
    return { ticket, crash: (error as Error).stack ?? String(error) }
  }
}
