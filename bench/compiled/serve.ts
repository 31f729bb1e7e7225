import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'
import { eagerForms } from './eager.ts'
import type { Form, Forms } from './form.ts'
import { recordedForms } from './recorded.ts'
import { CaseTensors } from './tensors.ts'

/**
 * `serve.ts recorded|eager`: ours and eager tfjs, answering as bench/contest/peers/serve.py does. A process of its own,
 * because TensorFlow reads its number of threads once.
 */
const { tf, version } = await loadTensorFlow('cpu')
const kind = process.argv[2]
let makers: Forms = {}
const ready = new Map<string, Form>()
/** A call is about so long: its own cost does not count, and a lap is not much longer than asked. */
const CALL_SECONDS = 0.05

interface Asked {
  readonly case: string
  readonly form: string
  readonly steps: number
  readonly seconds: number
  readonly rate: number
  /** Where to write them. */
  readonly weights: string
}

const answers: Readonly<Record<string, (request: Asked) => Record<string, unknown>>> = {
  open: ({ case: path }) => {
    for (const name of [...ready.keys()]) drop(name)
    const tensors = new CaseTensors(tf, path)
    makers = kind === 'eager' ? eagerForms(tf, tensors) : recordedForms(tf, tensors)
    return { forms: Object.keys(makers) }
  },
  train: ({ form, steps, rate, weights }) => {
    const began = performance.now()
    const trainer = formOf(form)
    trainer.start()
    trainer.advance(rate, steps)
    const flat = trainer.weights()
    writeFileSync(weights, new Uint8Array(flat.buffer))
    return { seconds: (performance.now() - began) / 1000 }
  },
  time: ({ form, seconds, rate }) => {
    const trainer = formOf(form)
    trainer.start()
    trainer.advance(rate, 8) // a first call costs more
    const tried = performance.now()
    trainer.advance(rate, 8)
    const each = (performance.now() - tried) / 8000
    const chunk = 8 * Math.max(1, Math.round(CALL_SECONDS / each / 8))
    trainer.start()
    let steps = 0
    const began = performance.now()
    for (;;) {
      trainer.advance(rate, chunk)
      steps += chunk
      const passed = (performance.now() - began) / 1000
      if (passed >= seconds) return { steps, seconds: passed }
    }
  },
  drop: ({ form }) => {
    drop(form)
    return {}
  },
}

console.log(JSON.stringify({ versions: { tensorflow: version, tfjs: tf.version.tfjs } }))
for await (const line of createInterface({ input: process.stdin })) {
  const { do: what, ...request } = JSON.parse(line)
  try {
    console.log(JSON.stringify(answers[what]!(request)))
  } catch (error) {
    console.error(error)
    console.log(JSON.stringify({ error: (error as Error).message }))
  }
}

function formOf(name: string): Form {
  const form = ready.get(name) ?? makers[name]!()
  ready.set(name, form)
  return form
}

function drop(name: string): void {
  ready.get(name)?.close()
  ready.delete(name)
}
