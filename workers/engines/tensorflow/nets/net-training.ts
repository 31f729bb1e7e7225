import { setImmediate as turn } from 'node:timers/promises'
import type { NamedTensor, NamedTensors } from '../../../../src/experiment/matrix.ts'
import { type Tensor, type Tensors, type Tfjs, uploaded } from '../tensors.ts'
import { type Fed, Feed } from './feed.ts'
import { Keeping } from './keeping.ts'
import type { Lane } from './lane.ts'
import { NetView } from './net-look.ts'
import type { NetProgram, NetPrograms } from './programs.ts'
import { allStacked, uploadResident } from './resident.ts'
import { deviceSource } from './sources/open-source.ts'

/** One call of the program: short, so that orders, progress and measurement points have their turn. */
const CALL_MS = 200
const PAUSE_MS = 40 // of looks, one after the other
/** Training that is left when half of the runs have ended and the others go on by a recording of their own: twice what that takes. */
const WORTH_RECORDING_MS = 600

/**
 * Trains runs whose steps are the same, together, from where all of them are to their end; each is measured at its own points and
 * kept from time to time.
 */
export async function trainTogether(tf: Tfjs, programs: NetPrograms, lanes: readonly Lane[]): Promise<void> {
  for (const lane of lanes) lane.tell()
  let left = openOf(lanes)
  const view = new NetView(tf)
  const keeping = new Keeping(lanes)
  try {
    let step = left[0]?.step ?? 0
    let state: Tensors = uploaded(tf, allStacked(left.map(({ first }) => first)))
    while (left.length > 0) {
      const before = state
      let batch: Batch | undefined
      try {
        batch = new Batch(tf, programs, left, { view, keeping })
        ;({ left, state, step } = await batch.train(before, step))
      } finally {
        batch?.dispose()
        tf.dispose(before as never)
      }
    }
  } catch (error) {
    left = openOf(lanes)
    const [first] = left
    if (left.length <= 1 || first!.hasMoved) for (const lane of left) lane.fail(error)
  } finally {
    view.dispose()
  }
  // What went wrong before the first step, for want of memory say, may be the fault of one or of their number.
  const half = Math.ceil(openOf(lanes).length / 2)
  if (half === 0) return
  await trainTogether(tf, programs, left.slice(0, half))
  await trainTogether(tf, programs, left.slice(half))
}

const openOf = (lanes: readonly Lane[]) => lanes.filter(({ isOpen }) => isOpen)

/** What goes with runs from one batch to the next. */
interface Eyes {
  readonly view: NetView
  readonly keeping: Keeping
}

/** Runs that are left, with their states, [runs][…]. */
interface Remnant {
  readonly left: Lane[]
  readonly state: Tensors
  readonly step: number
}

/** Runs that a program trains together, until half of them have ended. */
class Batch {
  readonly #tf: Tfjs
  readonly #programs: NetPrograms
  readonly #lanes: readonly Lane[]
  readonly #view: NetView
  readonly #keeping: Keeping
  readonly #feed: Feed
  readonly #resident: Tensors
  readonly #sources: NonNullable<ReturnType<typeof deviceSource>>[]
  #fed: Fed | null = null

  constructor(tf: Tfjs, programs: NetPrograms, lanes: readonly Lane[], { view, keeping }: Eyes) {
    this.#tf = tf
    this.#programs = programs
    this.#lanes = lanes
    this.#view = view
    this.#keeping = keeping
    const plans = lanes.map(({ plan }) => plan)
    this.#sources = plans.flatMap((plan) => deviceSource(plan) ?? [])
    this.#feed = new Feed(tf, lanes, this.#sources.length > 0)
    this.#resident = uploadResident(tf, plans, this.#sources)
  }

  dispose(): void {
    this.#tf.dispose([this.#resident, this.#fed] as never)
  }

  async train(state: Tensors, first: number): Promise<Remnant> {
    const feed = this.#feed
    const fed = await this.#draw(first - (first % feed.steps))
    const supply = { window: feed.steps, source: this.#sources[0] ?? null, runs: this.#lanes.length }
    const inputs = { ...this.#resident, ...fed }
    const program = this.#programs.open(this.#lanes[0]!.plan, supply, state, inputs, first)
    await this.#look(
      program,
      this.#open.filter(({ isUnseen }) => isUnseen),
    )
    const { msPerStep } = program.findings
    const longest = Math.max(1, Math.floor(CALL_MS / msPerStep))
    while (this.#open.length > 0) {
      const place = program.step % feed.steps
      if (place === 0 && program.step > first) program.feed({ ...(await this.#draw(program.step)) })
      const next = Math.min(...this.#open.map(({ point }) => point))
      this.#run(program, Math.min(next - program.step, feed.steps - place, longest))
      await this.#pause()
      await this.#look(
        program,
        this.#open.filter(({ point }) => point === program.step),
      )
      if (this.#keeping.isDue) await this.#keeping.round(() => this.#keep(program))
      if (this.#isWorthLeaving(program.step, msPerStep)) return this.#remnant(program)
    }
    return { left: [], state: {}, step: program.step }
  }

  get #open(): Lane[] {
    return openOf(this.#lanes)
  }

  async #draw(first: number): Promise<Fed> {
    const next = await this.#feed.draw(first, () => this.#pause())
    if (this.#fed !== null) this.#tf.dispose(this.#fed as never)
    this.#fed = next
    return next
  }

  async #pause(): Promise<void> {
    await turn()
    for (const lane of this.#lanes) lane.tell()
  }

  /** Takes steps. A run whose loss leaves the numbers ends with the weights that had it. */
  #run(program: NetProgram, steps: number): void {
    const tf = this.#tf
    const runs = this.#lanes.length
    const first = program.step
    const before = program.state()
    try {
      const { loss } = program.run(steps)
      const lost = this.#open.flatMap((lane) => {
        const r = this.#lanes.indexOf(lane)
        const done = lane.count(Array.from({ length: steps }, (_, k) => loss[k * runs + r]!))
        return done === null ? [] : [{ lane, done }]
      })
      if (lost.length === 0) return
      const after = program.state()
      program.restore(before, first)
      // From one loss to the next: however many runs are lost, the call is made once more at most.
      for (const { lane, done } of lost.toSorted((a, b) => a.done - b.done)) {
        const missing = first + done - program.step
        if (missing > 0) program.run(missing)
        this.#finish(program, lane)
      }
      program.restore(after, first + steps)
      tf.dispose(after as never)
    } finally {
      tf.dispose(before as never)
    }
  }

  async #look(program: NetProgram, lanes: readonly Lane[]): Promise<void> {
    let paused = performance.now()
    for (const lane of lanes) {
      if (!lane.isOpen) continue
      const own = this.#stateOf(program, lane)
      lane.orFail(() => {
        if (lane.note(this.#view.look(lane.plan, own))) this.#finish(program, lane)
      })
      this.#tf.dispose(own as never)
      if (performance.now() - paused < PAUSE_MS) continue
      await this.#pause()
      paused = performance.now()
    }
  }

  /** Keeps what is open, while nothing trains. */
  async #keep(program: NetProgram): Promise<void> {
    const state = program.state()
    const runs = this.#lanes.map((): Record<string, NamedTensor> => ({}))
    for (const [name, tensor] of Object.entries(state)) {
      const data = tensor.dataSync() as Float32Array
      const size = data.length / runs.length
      const shape = tensor.shape.slice(1)
      for (const [r, own] of runs.entries())
        own[name] = { shape, data: data.subarray(r * size, (r + 1) * size) }
    }
    this.#tf.dispose(state as never)
    const kept = this.#lanes.map((lane, r) => (lane.isOpen ? lane.keep(runs[r]!) : null))
    await Promise.all(kept)
  }

  #finish(program: NetProgram, lane: Lane): void {
    const { initial, moving } = lane.plan
    const own = this.#stateOf(program, lane)
    lane.finish(read(own, Object.keys({ ...initial, ...moving })))
    this.#tf.dispose(own as never)
  }

  /** [1][…]; the caller disposes of it. */
  #stateOf(program: NetProgram, lane: Lane): Tensors {
    return this.#select(program, [lane])
  }

  /** The states of some runs, [lanes][…]; the caller disposes of them. */
  #select(program: NetProgram, lanes: readonly Lane[]): Tensors {
    const tf = this.#tf
    const numbers = lanes.map((lane) => this.#lanes.indexOf(lane))
    return tf.tidy(() => {
      const all = Object.entries(program.state())
      if (lanes.length === this.#lanes.length) return Object.fromEntries(all)
      const some = tf.tensor1d(numbers, 'int32')
      return Object.fromEntries(all.map(([name, tensor]) => [name, tf.gather(tensor, some)]))
    })
  }

  #isWorthLeaving(step: number, msPerStep: number): boolean {
    const open = this.#open
    if (open.length === 0 || open.length > this.#lanes.length / 2) return false
    const end = Math.max(...open.map(({ plan }) => plan.spec.training.steps))
    return (end - step) * msPerStep > WORTH_RECORDING_MS
  }

  #remnant(program: NetProgram): Remnant {
    const left = this.#open
    return { left, state: this.#select(program, left), step: program.step }
  }
}

/** Some of a run's state, [1][…], without its first axis. */
function read(state: Tensors, names: readonly string[]): NamedTensors {
  return Object.fromEntries(
    names.map((name) => {
      const tensor = state[name] as Tensor
      return [name, { shape: tensor.shape.slice(1), data: Float32Array.from(tensor.dataSync()) }] as const
    }),
  )
}
