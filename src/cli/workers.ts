import { findGpus } from '../experiment/hardware.ts'
import type { Settings } from '../settings.ts'
import { KeptChild, siblingModule } from './kept-child.ts'

/** A worker may take this long to hand back what it trains; its own limit is 8 s. */
const GRACE_MS = 10_000

/** Training takes every processor it can get; the API and Redis go first, so that reading a job stays quick. */
const NICENESS = 10

/** Starts the workers of this host, each on a card of its own where there are cards. */
export function startWorkers(
  settings: Settings,
  env: NodeJS.ProcessEnv,
  note: (line: string) => void,
): KeptChild[] {
  const file = siblingModule('../../workers/supervisor', import.meta.url)
  const cards = cardsFor(settings, env)
  return Array.from({ length: settings.workers }, (_, i) => {
    const pin = cards.length === 0 ? {} : { CUDA_VISIBLE_DEVICES: cards[i % cards.length] }
    return new KeptChild(
      { name: `worker ${i}`, file, env: { ...env, ...pin }, graceMs: GRACE_MS, niceness: NICENESS },
      { note },
    )
  })
}

/** The cards to share out: those that CUDA_VISIBLE_DEVICES names, else all that the driver shows. */
function cardsFor({ tensorflow }: Settings, env: NodeJS.ProcessEnv): string[] {
  if (tensorflow === 'cpu' || tensorflow === 'off') return []
  const named = env.CUDA_VISIBLE_DEVICES
  if (named !== undefined) return named.split(',').filter((card) => card !== '')
  return findGpus().names.map((_, i) => String(i))
}
