import type { ResultView } from '../../experiment/result-view.ts'
import { formatNumber } from '../table.ts'
import { listedFeatures, listedOrder, type Twins } from './twins.ts'

/** What a study found, computed from the measurements alone. */
export interface Verdict {
  readonly holds: boolean
  readonly sentence: string
}

/** Which judge speaks for which study. */
export const verdicts: Readonly<Record<string, (all: readonly Twins[]) => Verdict>> = {
  inversion: judgeInversion,
  depth: judgeDepth,
  scale: judgeScale,
  digits: judgeDigits,
}

/** JEPA's and MAE's orders are each other's reverse when deep, and the same at depth 1. */
function judgeInversion(all: readonly Twins[]): Verdict {
  const [deep, shallow] = all as [Twins, Twins]
  const reversed = orderOf(deep.jepa) === [...deep.mae.order.measured].reverse().join(' ')
  const same = orderOf(shallow.jepa) === orderOf(shallow.mae)
  return {
    holds: reversed && same,
    sentence:
      `${deep.label}: JEPA learns ${orderOf(deep.jepa)}, MAE learns ${orderOf(deep.mae)}: ${reversed ? 'inverted' : 'not inverted'}. ` +
      `${shallow.label}: JEPA ${orderOf(shallow.jepa)}, MAE ${orderOf(shallow.mae)}: ${same ? 'the same order' : 'different orders'}.`,
  }
}

/** JEPA's spread of critical times grows with depth, and MAE's does not. */
function judgeDepth(all: readonly Twins[]): Verdict {
  const jepa = all.map((twins) => spreadOf(twins.jepa))
  const mae = all.map((twins) => spreadOf(twins.mae))
  return {
    holds: isRising(jepa) && !isRising(mae),
    sentence: `From depth 1 to ${all.length} the spread (last − first) / last is ${list(jepa)} for JEPA and ${list(mae)} for MAE.`,
  }
}

/** The smaller the start, the more is an earlier feature done before the next one begins. */
function judgeScale(all: readonly Twins[]): Verdict {
  const jepa = all.map((twins) => twins.jepa.greedyIndex.measured ?? 0)
  const mae = all.map((twins) => twins.mae.greedyIndex.measured ?? 0)
  return {
    holds: isRising(jepa) && isRising(mae),
    sentence: `As ε falls the greedy index is ${list(jepa)} for JEPA and ${list(mae)} for MAE (1: strictly one after the other).`,
  }
}

/**
 * On real images, too, MAE begins with the largest λ whatever the noise does, and JEPA turns to a higher ρ
 * where the noise sits on the largest λ.
 */
function judgeDigits(all: readonly Twins[]): Verdict {
  const told = all.map((twins) => {
    const { label, jepa, mae } = twins
    const listed = listedFeatures(twins)
    const order = (result: ResultView) => listedOrder(result, listed).join(' ')
    return (
      `${label} (commutator ${formatNumber(jepa.commutator ?? 0)}): JEPA ${order(jepa)}, MAE ${order(mae)}; rank correlation ` +
      `with the prediction ${ranked(jepa)} and ${ranked(mae)}.`
    )
  })
  const [equal, loud] = all.map((twins) => {
    const listed = listedFeatures(twins)
    return {
      jepa: listedOrder(twins.jepa, listed)[0],
      mae: listedOrder(twins.mae, listed)[0],
      top: listed[0],
    }
  }) as [First, First]
  const holds =
    equal.jepa === equal.top && equal.mae === equal.top && loud.mae === loud.top && loud.jepa !== loud.top
  return { holds, sentence: told.join(' ') }
}

/** The feature that each objective learned first, and the one of the largest λ. */
interface First {
  readonly jepa: number | undefined
  readonly mae: number | undefined
  readonly top: number | undefined
}

function orderOf(result: ResultView): string {
  return result.order.measured.join(' ')
}

/** (last − first) / last of the measured critical times. */
function spreadOf(result: ResultView): number {
  const times = result.features.map(({ criticalTime }) => criticalTime.measured ?? Number.POSITIVE_INFINITY)
  const last = Math.max(...times)
  return (last - Math.min(...times)) / last
}

function isRising(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value > values[i - 1]!)
}

function ranked({ rankCorrelation }: ResultView): string {
  return rankCorrelation === null ? 'undefined' : rankCorrelation.toFixed(2)
}

function list(values: readonly number[]): string {
  return values.map((value) => value.toPrecision(2)).join(', ')
}
