import type { Tfjs } from '../../workers/engines/tensorflow/recorder/binding.ts'
import type { Program } from '../../workers/engines/tensorflow/recorder/program.ts'
import { record } from '../../workers/engines/tensorflow/recorder/record.ts'
import type { Tensor, Tensors } from '../../workers/engines/tensorflow/recorder/step.ts'
import type { Form, Forms } from './form.ts'
import { Network, type Weights } from './network.ts'
import { BATCHES, MOMENTUM } from './rows.ts'
import type { CaseTensors } from './tensors.ts'

/** The recorder's forms: the batches lie in TensorFlow, a step takes its own by its number, losses are read. */
export function recordedForms(tf: Tfjs, tensors: CaseTensors): Forms {
  const { runs, model } = tensors.row
  const each = Array.from({ length: runs }, (_, run) => run)
  if (runs === 1) {
    return {
      recorded: () => new Recorded(tf, tensors, [[0]]),
      'recorded, batch in halves': () => new Recorded(tf, tensors, [[0]], 2),
    }
  }
  return {
    ...(model.kind === 'mlp' ? { 'recorded, batched': () => new Recorded(tf, tensors, 'batched') } : {}),
    ...(runs <= 8 ? { 'recorded, copies in one graph': () => new Recorded(tf, tensors, [each]) } : {}),
    ...(runs <= 8
      ? {
          'recorded, one after the other': () =>
            new Recorded(
              tf,
              tensors,
              each.map((run) => [run]),
            ),
        }
      : {}),
  }
}

/** Programs that take turns, each of one run, of copies of the network, or of one network with batched products. */
class Recorded implements Form {
  private readonly tf: Tfjs
  private readonly tensors: CaseTensors
  private readonly programs: readonly Program<Tensors, Tensors, Tensors>[]
  private readonly groups: readonly (readonly number[])[] | 'batched'
  private readonly starts: readonly Tensors[]
  /** Of a batch, worked on at once. */
  private readonly parts: number

  constructor(tf: Tfjs, tensors: CaseTensors, groups: readonly (readonly number[])[] | 'batched', parts = 1) {
    this.parts = parts
    this.tf = tf
    this.tensors = tensors
    this.groups = groups
    this.starts = groups === 'batched' ? [this.stateOfAll()] : groups.map((runs) => this.stateOf(runs))
    this.programs = this.starts.map((state, k) =>
      this.program(state, groups === 'batched' ? null : groups[k]!),
    )
  }

  start(): void {
    for (const [k, program] of this.programs.entries()) program.restore(this.starts[k]!, 0)
  }

  advance(rate: number, steps: number): void {
    const fed = this.tf.scalar(rate)
    for (const program of this.programs) {
      program.feed({ rate: fed })
      program.run(steps)
    }
    fed.dispose()
  }

  weights(): Float64Array {
    const states = this.programs.map((program) => program.state() as Tensors)
    const flat =
      this.groups === 'batched'
        ? this.tensors.flat(part(states[0]!, 'w0/'))
        : this.tensors.flat(this.groups.flatMap((runs, k) => runs.map((_, i) => part(states[k]!, `w${i}/`))))
    this.tf.dispose(states)
    return flat
  }

  close(): void {
    for (const program of this.programs) program.close()
    this.tf.dispose([...this.starts])
  }

  private program(state: Tensors, runs: readonly number[] | null) {
    const { tf } = this
    const network = new Network(tf, this.tensors.row)
    const copies = runs?.length ?? 1
    const inputs: Record<string, Tensor> = { rate: tf.scalar(0) }
    for (let i = 0; i < copies; i++) {
      for (const name of ['x', 'y'] as const) {
        inputs[`${name}${i}`] =
          runs === null ? this.tensors.batchesOfAll(name) : this.tensors.batches(name, runs[i]!, this.parts)
      }
    }
    const program = record<Tensors, Tensors, Tensors>(
      tf,
      (now, given, { step }) => {
        const row = tf.mod(step, tf.scalar(BATCHES, 'int32'))
        const next: Record<string, Tensor> = {}
        const losses: Tensor[] = []
        for (let i = 0; i < copies; i++) {
          const pairs = Array.from({ length: this.parts }, (_, k) => {
            const at = tf.add(tf.mul(row, tf.scalar(this.parts, 'int32')), tf.scalar(k, 'int32'))
            return [tf.gather(given[`x${i}`]!, at as never), tf.gather(given[`y${i}`]!, at as never)] as const
          })
          const taken = network.step(part(now, `w${i}/`), part(now, `m${i}/`), pairs, given.rate!, MOMENTUM)
          for (const [name, one] of Object.entries(taken.weights)) next[`w${i}/${name}`] = one
          for (const [name, one] of Object.entries(taken.momenta)) next[`m${i}/${name}`] = one
          losses.push(taken.loss)
        }
        return { state: next, metrics: { loss: tf.stack(losses) } }
      },
      state,
      inputs,
    )
    tf.dispose(inputs)
    return program as Program<Tensors, Tensors, Tensors>
  }

  private stateOf(runs: readonly number[]): Tensors {
    return Object.assign({}, ...runs.map((run, i) => this.named(this.tensors.weights(run), i)))
  }

  private stateOfAll(): Tensors {
    return this.named(this.tensors.weightsOfAll(), 0)
  }

  private named(weights: Weights, i: number): Tensors {
    const momenta = this.tensors.zeros(weights)
    return Object.fromEntries([
      ...Object.entries(weights).map(([name, one]) => [`w${i}/${name}`, one]),
      ...Object.entries(momenta).map(([name, one]) => [`m${i}/${name}`, one]),
    ])
  }
}

function part(state: Tensors, prefix: string): Weights {
  const own = Object.entries(state).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(own.map(([name, one]) => [name.slice(prefix.length), one]))
}
