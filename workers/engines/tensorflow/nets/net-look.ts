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

/** Held-out samples in TensorFlow, [1][rows][…shape]. */
interface Seen {
  readonly train: Tensor
  readonly test: Tensor
  readonly y: Tensor // of test
}

/**
 * Looks at nets, one at a time, through held-out samples: the loss on them and the probes of the spec. Runs on the same data share
 * the samples.
 */
export class NetView {
  readonly #tf: Tfjs
  readonly #seen = new Map<HeldOutSamples, Seen>()

  constructor(tf: Tfjs) {
    this.#tf = tf
  }

  /** @param state of this run alone, [1][…] */
  look(plan: NetPlan, state: Tensors): Look {
    const { train, test, floor, directions } = plan.heldOut
    const seen = this.#seenOf(plan)
    const loss = this.#loss(plan, state, seen)
    const { probes } = plan
    if (probes.length === 0) return { loss, probes: {} }
    const samples = {
      train: { ...told(train), representation: this.#encode(plan, state, seen.train) },
      test: { ...told(test), representation: this.#encode(plan, state, seen.test) },
      floor,
      ...(directions ? { directions } : {}),
    }
    return { loss, probes: probeRepresentation(probes, samples) }
  }

  dispose(): void {
    for (const { train, test, y } of this.#seen.values()) this.#tf.dispose([train, test, y])
    this.#seen.clear()
  }

  #seenOf({ heldOut: { train, test }, shape }: NetPlan): Seen {
    const found = this.#seen.get(train)
    if (found !== undefined) return found
    const upload = (data: Float32Array, rows: number) => this.#tf.tensor(data, [1, rows, ...shape])
    const seen = {
      train: upload(train.x, train.rows),
      test: upload(test.x, test.rows),
      y: upload(test.y, test.rows),
    }
    this.#seen.set(train, seen)
    return seen
  }

  /** The loss over all test samples: as training has it, but for batch norm, which has its moving moments here. */
  #loss({ spec, layers }: NetPlan, weights: Tensors, { test, y }: Seen): number {
    const tf = this.#tf
    const view = { tf, x: test, y, weights, isTraining: false, ...targetIn(weights) }
    return tf.tidy(() => netLoss(spec, layers, view).dataSync()[0]!)
  }

  #encode({ layers: { encoder }, spec }: NetPlan, weights: Tensors, x: Tensor): Float32Array {
    const tf = this.#tf
    const rows = x.shape[1]!
    const { outputs } = spec.model
    const out = new Float32Array(rows * outputs)
    for (let from = 0; from < rows; from += ROWS) {
      const encoded = tf.tidy(() => {
        const part = tf.slice(x, [0, from], [1, Math.min(ROWS, rows - from)])
        return applyLayers({ tf, weights, isTraining: false }, encoder, part)
      })
      // Read out here: tidy looks for tensors in what it returns, number by number, which takes ten times the encoding.
      out.set(encoded.dataSync(), from * outputs)
      encoded.dispose()
    }
    return out
  }
}

function told({ rows, x, latents, labels }: HeldOutSamples) {
  return { rows, x, ...(latents ? { latents } : {}), ...(labels ? { labels } : {}) }
}
