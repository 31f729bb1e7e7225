import { Recorder } from '../probes/recorder.ts'
import type { Engine, RunPlan, Trainee, Trajectory } from './engine.ts'
import type { Training } from './training.ts'
import { oneByOne } from './turn.ts'

/** An engine that hands out its control after every stride. */
export interface StepwiseEngine extends Engine {
  begin(plan: RunPlan): Training
}

/** Makes an engine of a way to begin a training: runs are trained one after the other. */
export function stepwise(engine: Omit<Engine, 'train'>, begin: StepwiseEngine['begin']): StepwiseEngine {
  const train = (runs: readonly Trainee[]) => oneByOne(runs, (run) => trainInStrides(run, begin))
  return { ...engine, begin, train }
}

/** Train to the next point, measure, and so on to the end or to where the numbers leave float64. */
async function trainInStrides(run: Trainee, begin: StepwiseEngine['begin']): Promise<Trajectory> {
  const { plan, signal, report } = run
  signal.throwIfAborted()
  const training = begin(plan)
  try {
    const position = plan.training.mode === 'flow' ? 'time' : 'step'
    const pause = pauses(training, run)
    const recorder = await Recorder.begin(training)
    report(training)
    for (const point of plan.points) {
      while (recorder.message === null && training[position] < point) {
        const advanced = training.advance(point)
        if (advanced !== undefined) await advanced
        const looked = recorder.look(training)
        if (looked !== undefined) await looked
        if (pause.due()) await pause.take()
      }
      if (recorder.message !== null) break
      await recorder.measure(training)
    }
    report(training)
    const { step, time } = training
    const { message, measurements } = recorder
    return { step, time, message, measurements, weights: await training.weights() }
  } finally {
    training.dispose()
  }
}

const PAUSE_MS = 40

/** Decides when the event loop gets its turn. The clock is read about once a millisecond, not at every advance. */
function pauses(training: Training, { signal, report, now }: Trainee) {
  let [advances, nextLook, lastLook] = [0, 1, now()]
  let lastPause = lastLook
  const due = (): boolean => {
    if (++advances < nextLook) return false
    const looked = now()
    nextLook = looked - lastLook < 1 ? Math.min(2 * nextLook, 4096) : Math.max(1, nextLook >> 1)
    advances = 0
    lastLook = looked
    return looked - lastPause >= PAUSE_MS
  }
  const take = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve))
    signal.throwIfAborted()
    lastPause = now()
    report(training)
  }
  return { due, take }
}
