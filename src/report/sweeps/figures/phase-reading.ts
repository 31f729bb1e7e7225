import { REST, shade } from '../../colours.ts'
import { formatShort } from '../../ticks.ts'
import { featureInText, featuresOf } from './features.ts'
import type { Answered, LegendEntry, Sign } from './plot.ts'
import type { Spot } from './spots.ts'
import { hasResult, type SweepDrawing } from './sweep-drawing.ts'

/** What a phase diagram reads off each spot. */
export interface Reading {
  readonly subject: string
  readonly legend: readonly LegendEntry[]
  /** Null where no run of the spot says anything. */
  readonly read: (spot: Spot) => Read | null
  /** Fields of theory, each with the levels along which it is drawn. */
  readonly fields: readonly {
    readonly name: string
    readonly of: (spot: Spot) => number | null
    readonly levels: readonly number[]
  }[]
  readonly sign: Sign
}

/** An answer, and whether theory's is another to the eye. */
export interface Read extends Answered {
  readonly isOff: boolean
}

/** By the feature that comes first where that differs over the sweep, else by the greedy index. */
export function readingOf(drawing: SweepDrawing, spots: readonly Spot[]): Reading {
  const firsts = new Set(spots.map((spot) => firstOf(spot.ranks)).filter((i) => i !== null))
  return firsts.size > 1 ? firstReading(drawing, spots) : GREEDY
}

function firstReading({ spec, runs }: SweepDrawing, spots: readonly Spot[]): Reading {
  const { signs } = featuresOf(spec, runs.filter(hasResult))
  const all = spots.flatMap((spot) => [firstOf(spot.ranks), firstOf(spot.predictedRanks)])
  const known = [...new Set(all)].filter((i) => i !== null).sort((a, b) => a - b)
  const answer = (i: number) => ({
    colour: signs.find((sign) => sign.index === i)?.colour ?? REST,
    answer: `${featureInText(i, signs)} first`,
  })
  return {
    subject: 'Which feature is learned first',
    legend: known.map(answer).map(({ answer: name, colour }) => ({ name, colour })),
    read: ({ ranks, predictedRanks }) => {
      const [seen, foretold] = [firstOf(ranks), firstOf(predictedRanks)]
      if (seen === null) return null
      const told = foretold === null ? {} : { foretold: answer(foretold) }
      return { ...answer(seen), ...told, isOff: foretold !== null && foretold !== seen }
    },
    // With two features the one's boundary is the other's.
    fields: (known.length === 2 ? known.slice(0, 1) : known).map((i) => ({
      name: `theory: ${answer(i).answer}`,
      of: ({ predicted }) => leadOf(predicted, i),
      levels: [0],
    })),
    sign: 'theory-boundary',
  }
}

const TOLD_APART = 0.05 // of the greedy index

const GREEDY: Reading = {
  subject: 'Greedy index (1: one feature at a time, 0: all together)',
  legend: [0, 0.25, 0.5, 0.75, 1].map((index) => ({
    name: formatShort(index),
    colour: greedyAnswer(index).colour,
  })),
  read: ({ greedy, predictedGreedy }) => {
    if (greedy.mean === null) return null
    const told = predictedGreedy === null ? {} : { foretold: greedyAnswer(predictedGreedy) }
    const isOff = predictedGreedy !== null && Math.abs(predictedGreedy - greedy.mean) > TOLD_APART
    return { ...greedyAnswer(greedy.mean), ...told, isOff }
  },
  fields: [
    { name: 'theory: greedy index', of: ({ predictedGreedy }) => predictedGreedy, levels: [0.25, 0.5, 0.75] },
  ],
  sign: 'theory-levels',
}

function greedyAnswer(index: number): Answered {
  return { colour: shade(1 - Math.min(1, Math.max(0, index))), answer: formatShort(index), value: index }
}

function firstOf(ranks: readonly (number | null)[]): number | null {
  const learned = ranks.flatMap((rank, i) => (rank === null ? [] : [{ rank, i }]))
  return learned.sort((a, b) => a.rank - b.rank)[0]?.i ?? null
}

const FAR = 20 // a lead of e^20 is as good as any

/** ln of how far theory has a feature ahead of all others. */
function leadOf(times: readonly (number | null)[], feature: number): number | null {
  const logs = times.map((time) => (time === null ? FAR * 2 : Math.log(Math.max(time, 1e-300))))
  const own = logs[feature]
  if (own === undefined || logs.length < 2) return null
  const others = Math.min(...logs.filter((_, i) => i !== feature))
  return Math.min(FAR, Math.max(-FAR, others - own))
}
