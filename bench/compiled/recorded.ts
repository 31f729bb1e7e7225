import { hasKernels } from '../../workers/engines/tensorflow/kernels/available.ts'
import { fused } from '../../workers/engines/tensorflow/kernels/join.ts'
import { stepsAtOnce } from '../../workers/engines/tensorflow/kernels/steps-at-once.ts'
import type { Tfjs } from '../../workers/engines/tensorflow/recorder/binding.ts'
import type { Program } from '../../workers/engines/tensorflow/recorder/program.ts'
import { record } from '../../workers/engines/tensorflow/recorder/record.ts'
import type { Tensor, Tensors } from '../../workers/engines/tensorflow/recorder/step.ts'
import type { Form, Forms } from './form.ts'
import { LayeredNetwork } from './layered.ts'
import { Network, type TrainingStep, type Weights } from './network.ts'
import { BATCHES, MOMENTUM } from './rows.ts'
import type { CaseTensors } from './tensors.ts'

/**
 * How a program trains: in tfjs's operations or, `layers`, in those of the engine's nets, which have an axis of runs always.
 * `groups` are runs that share every operation, each group with its own part of the graph.
 */
interface Plan {
  readonly network: TrainingStep
  readonly groups: readonly (readonly number[])[]
  /** Whether tensors of a group have an axis of runs. */
  readonly hasAxis: boolean
  /** Of a batch, worked on at once. */
  readonly parts: number
}

/** The recorder's forms: the batches lie in TensorFlow, a step takes its own by its number, losses are read. */
export function recordedForms(tf: Tfjs, tensors: CaseTensors): Forms {
  const { row } = tensors
  const all = Array.from({ length: row.runs }, (_, run) => run)
  const plain = new Network(tf, row)
  const make = (...plans: Plan[]) => {
    return () => new Recorded(tf, tensors, plans)
  }
  const copies = { network: plain, groups: all.map((run) => [run]), hasAxis: false, parts: 1 }
  const forms: Record<string, () => Form> = {}
  if (hasKernels(tf)) {
    const layers = { network: new LayeredNetwork(tf, row), groups: [all], hasAxis: true, parts: 1 }
    forms['own operations'] = make(layers)
    const half = Math.ceil(all.length / 2)
    const halves = [all.slice(0, half), all.slice(half)]
    if (row.runs > 1) forms['own operations, runs in halves'] = make({ ...layers, groups: halves })
  }
  if (row.runs === 1) {
    forms["tfjs's operations"] = make(copies)
    forms["tfjs's operations, batch in halves"] = make({ ...copies, parts: 2 })
    return forms
  }
  if (row.model.kind === 'mlp')
    forms["tfjs's operations, batched"] = make({ ...copies, groups: [all], hasAxis: true })
  if (row.runs <= 8) {
    forms["tfjs's operations, copies in one graph"] = make(copies)
    forms["tfjs's operations, one after the other"] = make(
      ...all.map((run) => ({ ...copies, groups: [[run]] })),
    )
  }
  return forms
}

/** Programs that take turns. */
class Recorded implements Form {
  private readonly tf: Tfjs
  private readonly tensors: CaseTensors
  private readonly plans: readonly Plan[]
  private readonly starts: readonly Tensors[]
  private readonly programs: readonly Program<Tensors, Tensors, Tensors>[]

  constructor(tf: Tfjs, tensors: CaseTensors, plans: readonly Plan[]) {
    this.tf = tf
    this.tensors = tensors
    this.plans = plans
    this.starts = plans.map((plan) => this.startOf(plan))
    this.programs = plans.map((plan, k) => this.program(plan, this.starts[k]!))
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
    const groups = this.plans.flatMap(({ groups }, k) =>
      groups.map((runs, i) => ({ runs, weights: part(states[k]!, `w${i}/`) })),
    )
    const flat = this.tensors.flat(groups)
    this.tf.dispose(states)
    return flat
  }

  close(): void {
    for (const program of this.programs) program.close()
    this.tf.dispose([...this.starts])
  }

  private program({ network, groups, hasAxis, parts }: Plan, state: Tensors) {
    const { tf } = this
    const inputs: Record<string, Tensor> = { rate: tf.scalar(0) }
    for (const [i, runs] of groups.entries()) {
      for (const name of ['x', 'y'] as const) {
        inputs[`${name}${i}`] = hasAxis
          ? this.tensors.batchesOf(name, runs)
          : this.tensors.batches(name, runs[0]!, parts)
      }
    }
    const program = record<Tensors, Tensors, Tensors>(
      tf,
      (now, given, { step }) => {
        const row = tf.mod(step, tf.scalar(BATCHES, 'int32'))
        const next: Record<string, Tensor> = {}
        const losses: Tensor[] = []
        for (const i of groups.keys()) {
          const pairs = Array.from({ length: parts }, (_, k) => {
            const first = tf.mul(row, tf.scalar(parts, 'int32'))
            const at = parts === 1 ? row : tf.add(first, tf.scalar(k, 'int32'))
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
      network instanceof LayeredNetwork ? { rewrite: fused, stepsAtOnce } : {},
    )
    tf.dispose(inputs)
    return program as Program<Tensors, Tensors, Tensors>
  }

  private startOf({ groups, hasAxis, network }: Plan): Tensors {
    const named = groups.map((runs, i) => {
      const weights = hasAxis
        ? this.tensors.weightsOf(runs, network instanceof Network)
        : this.tensors.weights(runs[0]!)
      const momenta = this.tensors.zeros(weights)
      return Object.fromEntries([
        ...Object.entries(weights).map(([name, one]) => [`w${i}/${name}`, one]),
        ...Object.entries(momenta).map(([name, one]) => [`m${i}/${name}`, one]),
      ])
    })
    return Object.assign({}, ...named)
  }
}

function part(state: Tensors, prefix: string): Weights {
  const own = Object.entries(state).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(own.map(([name, one]) => [name.slice(prefix.length), one]))
}
