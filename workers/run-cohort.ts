import type { Problem } from '../src/data/problem.ts'
import type { Progress } from '../src/experiment/job-view.ts'
import type { Weights } from '../src/experiment/matrix.ts'
import type { Measurements, Outcome } from '../src/experiment/measurement.ts'
import type { ResolvedSpec } from '../src/experiment/resolve.ts'
import { measurementPoints } from './dynamics/measurement-points.ts'
import { Pace } from './dynamics/progress.ts'
import type { Engine, RunPlan } from './engines/engine.ts'
import { alignedStart } from './models/aligned-frame.ts'
import { initialWeights } from './models/initial-weights.ts'
import { Recorder } from './probes/recorder.ts'

/** A run that ended by itself. `message` says why where it did not succeed. */
export interface TrainedRun {
  readonly outcome: Outcome
  readonly message: string | null
  readonly measurements: Measurements
  readonly weights: Weights // where it diverged these may hold NaN or Infinity
  readonly steps: number
  readonly time: number
  readonly wallSeconds: number
  readonly precision: 'compensated' | 'float32' | 'float64'
}

export interface Hands {
  readonly engine: Engine
  /** Called at the start, twice a second and at the end. */
  report(progress: Progress): void
  readonly signal: AbortSignal
  /** A clock that never goes back, in milliseconds; the process's own where it is left out. */
  readonly now?: () => number
}

const REPORT_MS = 500
const YIELD_MS = 40

/**
 * One run from spec to trajectory: train to the next point, measure, and so on to the end or to where the numbers
 * leave float64. Knows no queue and no process; a pause of the event loop comes every 40 ms or one advance.
 *
 * @throws the signal's reason once it is aborted, and what the engine throws
 */
export async function trainRun(spec: ResolvedSpec, problem: Problem, hands: Hands): Promise<TrainedRun> {
  const { engine, report, signal } = hands
  signal.throwIfAborted()
  const precision = engine.precision(spec.training.precision)
  const aligned = alignedStart(spec, problem)
  const training = engine.begin({ ...planOf(spec, problem), ...aligned })
  try {
    const inFlow = spec.training.mode === 'flow'
    const points = measurementPoints(spec)
    const pace = new Pace(points.at(-1) ?? 0, inFlow, hands.now ?? (() => performance.now()))
    const pause = pauses(() => report(pace.progress(training)), signal, pace)
    const recorder = await Recorder.begin(training)
    report(pace.progress(training))
    for (const point of points) {
      while (recorder.message === null && (inFlow ? training.time : training.step) < point) {
        const advanced = training.advance(point)
        if (advanced !== undefined) await advanced
        const looked = recorder.look(training)
        if (looked !== undefined) await looked
        if (pause.due()) await pause.take()
      }
      if (recorder.message !== null) break
      await recorder.measure(training)
    }
    report(pace.progress(training))
    const { message, measurements } = recorder
    const weights = await training.weights()
    return {
      outcome: message === null ? 'succeeded' : 'diverged',
      message,
      measurements,
      weights: aligned === null ? weights : aligned.restore(weights),
      steps: training.step,
      time: training.time,
      wallSeconds: pace.wallSeconds(),
      precision,
    }
  } finally {
    training.dispose()
  }
}

function planOf(spec: ResolvedSpec, problem: Problem): RunPlan {
  const { features, moments, spectrum } = problem
  return {
    objective: spec.objective,
    depth: spec.model.depth,
    width: spec.model.width,
    features,
    moments,
    directions: spectrum.directions,
    sampler: spec.training.mode === 'sgd' ? problem.sampler(spec.seed) : null,
    initial: initialWeights(spec, features),
    training: spec.training,
  }
}

/** Decides when the event loop gets its turn. The clock is read about once a millisecond, not at every advance. */
function pauses(report: () => void, signal: AbortSignal, pace: Pace) {
  let [advances, nextLook, lastLook] = [0, 1, pace.wallSeconds()]
  let [lastPause, lastReport] = [lastLook, lastLook]
  const due = (): boolean => {
    if (++advances < nextLook) return false
    const now = pace.wallSeconds()
    nextLook = now - lastLook < 0.001 ? Math.min(2 * nextLook, 4096) : Math.max(1, nextLook >> 1)
    advances = 0
    lastLook = now
    return (now - lastPause) * 1000 >= YIELD_MS
  }
  const take = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    signal.throwIfAborted()
    lastPause = pace.wallSeconds()
    if ((lastPause - lastReport) * 1000 < REPORT_MS) return
    lastReport = lastPause
    report()
  }
  return { due, take }
}
