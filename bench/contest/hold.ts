import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Lap, type Timing, takeTurns } from './timing.ts'

export interface Request {
  readonly do: string
  readonly [field: string]: unknown
}

export type Reply = Record<string, unknown>

/** Who answers `open`, `train`, `time` and `drop` (bench/contest/peers/serve.py): a process, or several as one. */
export interface Contestant {
  readonly name: string
  readonly title: string
  ask(request: Request): Promise<Reply>
}

/** One form of a peer: how its result compared and what a first lap gave. */
export interface FormResult {
  readonly peer: string
  readonly form: string
  /** Seconds to compile and train the steps of the comparison. */
  readonly firstSeconds: number | null
  readonly comparison: string
  readonly agrees: boolean
  /** Run-steps a second of one lap; null where it was not timed. */
  readonly once: number | null
}

export interface ContestResult {
  readonly ours: Readonly<Record<string, Timing>>
  readonly best: Readonly<Record<string, { form: string } & Timing>>
  readonly forms: readonly FormResult[]
  /** What took its turns beside them and competes with nobody. */
  readonly beside: Readonly<Record<string, Timing>>
}

/** What a row hands to the contest. */
export interface Contest {
  readonly runs: number
  readonly casePath: string
  /** Where peers write weights. */
  readonly folder: string
  readonly checkSteps: readonly number[]
  readonly checkRate: number
  readonly timeRate: number
  /** Compares a peer's weights after each of `checkSteps` with ours. */
  compare(weights: readonly Float64Array[]): { agrees: boolean; comparison: string }
  /** Our entrants that run in this process, the first of them the one that is compared with the peers. */
  readonly ours: Readonly<Record<string, () => Promise<Lap>>>
  /** What else is measured in the same minutes. */
  readonly beside?: Readonly<Record<string, () => Promise<Lap>>>
}

/** How long and how often; `quick` is for a look. */
export interface Protocol {
  readonly seconds: number
  readonly repeats: number
}

/**
 * Results first: a form that differs from ours is told and not timed. Then one lap of every form, and last the best
 * form of each peer takes turns with ours.
 *
 * @throws Error where no form of a peer agrees
 */
export async function hold(
  contest: Contest,
  peers: readonly Contestant[],
  { seconds, repeats }: Protocol,
  tell: (line: string) => void,
): Promise<ContestResult> {
  const forms: FormResult[] = []
  const best: Partial<Record<string, string>> = {}
  for (const peer of peers) {
    const { forms: names } = await peer.ask({ do: 'open', case: contest.casePath })
    let fastest = 0
    for (const form of names as string[]) {
      const result = await tryForm(contest, peer, form, seconds)
      forms.push(result)
      tell(`    ${describeForm(result, peer.title)}`)
      const before = best[peer.name]
      const loser = result.once !== null && result.once > fastest ? before : form
      if (loser !== form) [fastest, best[peer.name]] = [result.once!, form]
      if (loser !== undefined) await peer.ask({ do: 'drop', form: loser })
    }
    if (best[peer.name] === undefined) {
      const own = forms.filter((form) => form.peer === peer.name)
      const reasons = own.map((form) => describeForm(form, peer.title))
      throw new Error(`No form of ${peer.title} agrees with ours: ${reasons.join('; ')}`)
    }
  }
  const entrants: Record<string, () => Promise<Lap>> = { ...contest.ours, ...contest.beside }
  for (const peer of peers)
    entrants[peer.name] = () => lapOf(peer, best[peer.name]!, seconds, contest.timeRate)
  const timings = await takeTurns(entrants, repeats, contest.runs)
  const timingsOf = (group: object) =>
    Object.fromEntries(Object.keys(group).map((name) => [name, timings[name]!]))
  const found = peers.map(({ name }) => [name, { form: best[name]!, ...timings[name]! }])
  for (const peer of peers) await peer.ask({ do: 'drop', form: best[peer.name]! })
  const [ours, beside] = [timingsOf(contest.ours), timingsOf(contest.beside ?? {})]
  return { ours, best: Object.fromEntries(found), forms, beside }
}

async function tryForm(
  contest: Contest,
  peer: Contestant,
  form: string,
  seconds: number,
): Promise<FormResult> {
  const result = { peer: peer.name, form, firstSeconds: null, once: null }
  try {
    const file = join(contest.folder, 'peer.f64')
    const weights: Float64Array[] = []
    let firstSeconds: number | null = null
    for (const steps of contest.checkSteps) {
      const reply = await peer.ask({ do: 'train', form, steps, rate: contest.checkRate, weights: file })
      firstSeconds ??= reply.seconds as number
      weights.push(readDoubles(file))
    }
    const { agrees, comparison } = contest.compare(weights)
    if (!agrees) return { ...result, firstSeconds, comparison, agrees }
    const { steps, seconds: passed } = await lapOf(peer, form, seconds, contest.timeRate)
    return { ...result, firstSeconds, comparison, agrees, once: (steps * contest.runs) / passed }
  } catch (error) {
    return { ...result, comparison: (error as Error).message, agrees: false }
  }
}

async function lapOf(peer: Contestant, form: string, seconds: number, rate: number): Promise<Lap> {
  const reply = await peer.ask({ do: 'time', form, seconds, rate })
  return { steps: reply.steps as number, seconds: reply.seconds as number }
}

function describeForm(result: FormResult, title: string): string {
  const { form, once, comparison, agrees, firstSeconds } = result
  const first = firstSeconds === null ? '' : `, first call ${firstSeconds.toFixed(1)} s`
  const rate = once === null ? 'not timed' : `${once.toPrecision(3)} run-steps/s`
  return `${title} ${form}: ${rate} (${agrees ? '' : 'differs: '}${comparison}${first})`
}

function readDoubles(file: string): Float64Array {
  const bytes = readFileSync(file)
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
}
