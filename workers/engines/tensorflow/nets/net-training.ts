import { setImmediate as turn } from 'node:timers/promises'
import { firstCollapse } from '../../../../src/experiment/collapse.ts'
import type { NamedTensors } from '../../../../src/experiment/matrix.ts'
import type { Measurements } from '../../../../src/experiment/measurement.ts'
import { sizeOf } from '../../../../src/experiment/net-layers.ts'
import { DescentClock } from '../../../dynamics/schedule.ts'
import { lossLost } from '../../../probes/recorder.ts'
import type { NetPlan, NetTrajectory, Trainee } from '../../engine.ts'
import { type Tensor, type Tfjs, uploaded } from '../tensors.ts'
import { type Fed, Feed } from './feed.ts'
import { NetView } from './net-look.ts'
import { initialState } from './net-step.ts'
import type { NetPrograms } from './programs.ts'
import { uploadResident } from './resident.ts'
import { deviceSource } from './sources/open-source.ts'

/** One call of the program: short, so that orders, progress and measurement points have their turn. */
const CALL_MS = 200

/** Trains a net from its start to its end, measuring at its points. */
export async function trainNet(
  tf: Tfjs,
  programs: NetPrograms,
  run: Trainee<NetPlan>,
): Promise<NetTrajectory> {
  const { plan, signal, report } = run
  const { training } = plan.spec
  signal.throwIfAborted()
  const clock = new DescentClock(training)
  const chronicle = new Chronicle(plan.probes)
  const tell = () => {
    const { step, time } = clock
    report({ step, time, collapse: firstCollapse(chronicle.measurements) })
  }
  const pause = async () => {
    await turn()
    signal.throwIfAborted()
    tell()
  }
  const source = deviceSource(plan)
  const feed = new Feed(tf, source === null ? plan.sampler : null, training, sizeOf(plan.shape))
  tell()
  const fed: { now: Fed } = { now: await feed.draw(0, pause) }
  const resident = uploadResident(tf, plan, source)
  const state = uploaded(tf, initialState(plan))
  const view = new NetView(tf, plan)
  try {
    const supply = { window: feed.steps, source }
    const program = programs.open(plan, supply, state, { ...resident, ...fed.now })
    const look = () => {
      const now = program.state()
      const seen = view.look(now)
      tf.dispose(now)
      return chronicle.note(clock, seen)
    }
    let message = look()
    const { msPerStep } = program.findings
    const longest = Math.max(1, Math.floor(CALL_MS / msPerStep))
    for (const point of plan.points) {
      while (message === null && program.step < point) {
        const place = program.step % feed.steps
        if (place === 0 && program.step > 0) {
          const next = await feed.draw(program.step, pause)
          program.feed({ ...next })
          tf.dispose(fed.now)
          fed.now = next
        }
        const { loss } = program.run(Math.min(point - program.step, feed.steps - place, longest))
        message = follow(clock, loss)
        await pause()
      }
      if (message !== null) break
      message = look()
    }
    tell()
    const weights = read(program.state(), Object.keys({ ...plan.initial, ...plan.moving }))
    const { step, time } = clock
    return { step, time, message, measurements: chronicle.measurements, weights }
  } finally {
    view.dispose()
    tf.dispose([fed.now, resident, state])
  }
}

/** Counts the steps of a call; at the first whose loss is no number, why the run cannot go on. */
function follow(clock: DescentClock, losses: Float32Array): string | null {
  for (const loss of losses) {
    if (!Number.isFinite(loss)) return lossLost(loss, clock)
    clock.tick()
  }
  return null
}

/** The rows of a run's measurements. */
class Chronicle {
  readonly measurements: Measurements
  readonly #probes: Record<string, { values: number[][] }>

  constructor(probes: readonly string[]) {
    this.#probes = Object.fromEntries(probes.map((name) => [name, { values: [] }]))
    this.measurements = { time: [], step: [], loss: [], amplitudes: [], passages: [], probes: this.#probes }
  }

  /** Adds a row, unless the loss has left the finite numbers: then why the run has diverged. */
  note(
    at: { readonly step: number; readonly time: number },
    { loss, probes }: ReturnType<NetView['look']>,
  ): string | null {
    if (!Number.isFinite(loss)) return lossLost(loss, at)
    const { time, step, loss: losses, amplitudes, passages } = this.measurements
    time.push(at.time)
    step.push(at.step)
    losses.push(loss)
    for (const [name, values] of Object.entries(probes)) append(this.#probes[name]!.values, values)
    append(amplitudes, probes.latents ?? [])
    while (passages.length < amplitudes.length) passages.push({ time: [], amplitude: [] })
    return null
  }
}

function append(series: number[][], values: readonly number[]): void {
  for (const [i, value] of values.entries()) {
    series[i] ??= []
    series[i].push(value)
  }
}

/** Some of a state, and the rest of it freed. */
function read(state: Readonly<Record<string, Tensor>>, names: readonly string[]): NamedTensors {
  const found = names.map((name) => {
    const tensor = state[name]!
    return [name, { shape: tensor.shape, data: Float32Array.from(tensor.dataSync()) }] as const
  })
  for (const tensor of Object.values(state)) tensor.dispose()
  return Object.fromEntries(found)
}
