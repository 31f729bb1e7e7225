import { applyLayers } from '../../../models/net.ts'
import { netLoss } from '../../../objectives/net-loss.ts'
import { probeRepresentation } from '../../../probes/representation/probe.ts'
import type { NetPlan } from '../../engine.ts'
import type { HeldOutSamples } from '../../held-out.ts'
import type { Tensor, Tensors, Tfjs } from '../tensors.ts'
import { targetIn } from './net-step.ts'

/** What is seen of a net at a measurement point. */
export interface Look {
  readonly loss: number
  readonly probes: Readonly<Record<string, readonly number[]>>
}

/** Samples that go through the encoder at once. */
const ROWS = 512

/** Looks at a net through the held-out samples: its loss on them and the probes of the spec. */
export class NetView {
  readonly #tf: Tfjs
  readonly #plan: NetPlan
  readonly #x: { readonly train: Tensor; readonly test: Tensor }
  readonly #y: Tensor

  constructor(tf: Tfjs, plan: NetPlan) {
    const { train, test } = plan.heldOut
    const upload = (data: Float32Array, rows: number) => tf.tensor(data, [rows, ...plan.shape])
    this.#tf = tf
    this.#plan = plan
    this.#x = { train: upload(train.x, train.rows), test: upload(test.x, test.rows) }
    this.#y = upload(test.y, test.rows)
  }

  look(state: Tensors): Look {
    const { heldOut } = this.#plan
    const { train, test, floor, directions } = heldOut
    const loss = this.#loss(state)
    const { probes } = this.#plan
    if (probes.length === 0) return { loss, probes: {} }
    const samples = {
      train: { ...told(train), representation: this.#encode(state, this.#x.train) },
      test: { ...told(test), representation: this.#encode(state, this.#x.test) },
      floor,
      ...(directions ? { directions } : {}),
    }
    return { loss, probes: probeRepresentation(probes, samples) }
  }

  dispose(): void {
    this.#tf.dispose([this.#x.train, this.#x.test, this.#y])
  }

  /** The loss over all test samples: as training has it, but for batch norm, which has its moving moments here. */
  #loss(weights: Tensors): number {
    const tf = this.#tf
    const { spec, layers } = this.#plan
    const view = { tf, x: this.#x.test, y: this.#y, weights, isTraining: false, ...targetIn(weights) }
    return tf.tidy(() => netLoss(spec, layers, view).dataSync()[0]!)
  }

  #encode(weights: Tensors, x: Tensor): Float32Array {
    const tf = this.#tf
    const rows = x.shape[0]!
    const { encoder } = this.#plan.layers
    const out = new Float32Array(rows * this.#plan.spec.model.outputs)
    for (let from = 0; from < rows; from += ROWS) {
      const encoded = tf.tidy(() => {
        const part = tf.slice(x, from, Math.min(ROWS, rows - from))
        return applyLayers({ tf, weights, isTraining: false }, encoder, part)
      })
      // Read out here: tidy looks for tensors in what it returns, number by number, which takes ten times the encoding.
      out.set(encoded.dataSync(), from * this.#plan.spec.model.outputs)
      encoded.dispose()
    }
    return out
  }
}

function told({ rows, x, latents, labels }: HeldOutSamples) {
  return { rows, x, ...(latents ? { latents } : {}), ...(labels ? { labels } : {}) }
}
