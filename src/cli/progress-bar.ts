import type { JobView } from '../experiment/job-view.ts'

/** Where a bar is drawn: process.stderr, or what a test reads. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** What a job or a sweep is drawn from. */
export interface Drawn {
  readonly state: string
  readonly progress: Pick<JobView['progress'], 'fraction' | 'etaSeconds'> & Partial<JobView['progress']>
  /** What is counted, in words; steps where it is left out. */
  readonly count?: string
  /** What may be cut off where the line is short. */
  readonly rest?: string
}

const WIDTH = 28
const PARTS = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/**
 * A bar that is redrawn in place on a terminal. Elsewhere (a file, a pipe) each new state and each tenth of
 * the way gets a plain line of its own.
 */
export class ProgressBar {
  readonly #screen: Screen
  readonly #label: string
  #told = ''
  #open = false

  constructor(screen: Screen, label: string) {
    this.#screen = screen
    this.#label = label
  }

  draw(drawn: Drawn): void {
    const { state, progress } = drawn
    const line = `${this.#label}  ${state.padEnd(10)} ${barOf(progress)} ${describe(drawn)}`
    if (this.#screen.isTTY) {
      const width = this.#screen.columns ?? 80
      this.#screen.write(`\r\u001b[2K${line.slice(0, width - 1)}`)
      this.#open = true
      return
    }
    const told = `${state} ${Math.floor(progress.fraction * 10)}`
    if (told === this.#told) return
    this.#told = told
    this.#screen.write(`${this.#label}  ${state}  ${describe(drawn)}\n`)
  }

  /** Leaves the bar as it stands and goes to the next line. May be called twice. */
  end(): void {
    if (this.#open) this.#screen.write('\n')
    this.#open = false
  }
}

function barOf({ fraction }: Drawn['progress']): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * WIDTH * 8)
  const whole = '█'.repeat(eighths >> 3)
  const part = eighths % 8 === 0 ? '' : PARTS[eighths % 8]!
  return `│${(whole + part).padEnd(WIDTH)}│`
}

function describe({ progress, count = stepsOf(progress), rest = '' }: Drawn): string {
  const { fraction, etaSeconds } = progress
  const percent = `${Math.floor(fraction * 100)} %`.padStart(5)
  const left = etaSeconds === null || fraction >= 1 ? '' : `  ${shortTime(etaSeconds)} left`
  return `${percent}  ${count}${left}${rest && `  ${rest}`}`
}

function stepsOf({ step = 0, steps = 0, fraction }: Drawn['progress']): string {
  // In flow the number of steps is not known before the end, and the fraction is the more careful guess.
  const isCounted = Math.abs(step / steps - fraction) < 0.02
  return isCounted ? `step ${shortCount(step)} of ${shortCount(steps)}` : `step ${shortCount(step)}`
}

/** 950, 12.3k, 4.56M */
function shortCount(count: number): string {
  if (count < 10_000) return String(Math.round(count))
  return count < 1e6 ? `${(count / 1e3).toFixed(1)}k` : `${(count / 1e6).toFixed(2)}M`
}

/** 8 s, 2 min 5 s, 1 h 20 min */
export function shortTime(seconds: number): string {
  const s = Math.ceil(seconds)
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
}
