import { imageFeatures } from '../../data/images/open-images.ts'
import { kindOf } from '../../data/kinds.ts'
import { specAt } from '../../experiment/axes.ts'
import { ExperimentError, type FieldFault } from '../../experiment/failure.ts'
import { checkSchema } from '../../experiment/schema.ts'
import type { ExperimentSpec } from '../../experiment/spec.ts'
import { middleOf, placeAt, pointsAt, type Search } from './boundary-lines.ts'
import { type Foresight, oracleOf, predictedPlace } from './boundary-theory.ts'
import { objectivesOf } from './question.ts'

/** What is wrong with a search whatever theory says: the range, the fields that it goes along, the feature that it asks of. */
export function questionFaults(search: Search): FieldFault[] {
  const { x, y, question, text } = search
  if (y.low === y.high) {
    const message = `The axis ${y.path} begins and ends at ${y.low}, where nothing can flip; give two different ends.`
    return [{ pointer: `/axes/${y.path}`, message }]
  }
  if (question.kind === 'orders-differ' && [x.path, y.path].includes('objective')) {
    const message =
      'orders-differ runs JEPA and MAE at each place, so that objective is no axis of it; name another field.'
    return [{ pointer: '/axes/objective', message }]
  }
  return [...wholeNumberFaults(search), ...featureFaults(search, text)]
}

const INSIDE = 0.4142 // of the range: of no axis a round number

/** A search halves the range, and a field of whole numbers (a depth, a batch) or of words has nothing half-way. */
function wholeNumberFaults(search: Search): FieldFault[] {
  const { x, y } = search
  const [first] = x.values
  const inside = placeAt(search, INSIDE)
  const faults = schemaFaultsAt(search, first, inside)
  if (faults.length === 0 || schemaFaultsAt(search, first, y.low).length > 0) return [] // the end itself is refused, as a point
  const message = `The axis ${y.path} must take every number between ${y.low} and ${y.high}, and ${figure(inside)} is refused: ${faults[0]!.message} Give it as the first axis, with its values.`
  return [{ pointer: `/axes/${y.path}`, message }]
}

function schemaFaultsAt(search: Search, x: unknown, y: number): readonly FieldFault[] {
  const spec = specAt(search.base, pointsAt(search, x, y)[0]!)
  try {
    checkSchema(spec)
    return []
  } catch (error) {
    if (!(error instanceof ExperimentError) || error.code !== 'SCHEMA_MISMATCH') throw error
    return (error as ExperimentError<'SCHEMA_MISMATCH'>).facts.faults
  }
}

function featureFaults(search: Search, text: string): FieldFault[] {
  const { question, x, y } = search
  if (!('feature' in question)) return []
  for (const value of x.values) {
    if (schemaFaultsAt(search, value, y.low).length > 0) continue
    const { data } = specAt(search.base, pointsAt(search, value, y.low)[0]!) as ExperimentSpec
    const features = data.kind === 'images' ? imageFeatures(data) : kindOf(data).features(data)
    if (question.feature < features) continue
    const message = `The question ${text} asks of feature ${question.feature}, and at ${x.path} = ${JSON.stringify(value)} the data have ${features}, from 0 to ${features - 1}; ask of one of them.`
    return [{ pointer: '/question', message }]
  }
  return []
}

interface Corner {
  readonly x: unknown
  readonly y: number
  readonly foresight: Foresight
}

/** A margin under which descent, which theory only knows up to O(learning rate), is left to speak for itself. */
const CLOSE = 0.05

/** A fault where theory applies to both ends of every line and no line has ends that answer differently. */
export function cornerFaults(search: Search): FieldFault[] {
  const oracle = oracleOf(search)
  const corners: Corner[] = []
  for (const x of search.x.values) {
    for (const y of [search.y.low, search.y.high]) {
      const foresight = oracle(x, y)
      if (foresight === null || !isClear(foresight)) return []
      corners.push({ x, y, foresight })
    }
  }
  const message = agreement(search, corners)
  return message === null ? [] : [{ pointer: `/axes/${search.y.path}`, message }]
}

function isClear({ isExact, answer }: Foresight): boolean {
  return isExact || answer?.margin == null || Math.abs(answer.margin) > CLOSE
}

const WIDER_FACTOR = 100 // either way on a log axis
const WIDER_SPANS = 4 // either way on a linear one

/** Where theory has the flip of the first line, not far outside of the range; null where it has none there. */
function flipElsewhere(search: Search): number | null {
  const { low, high, isLog } = search.y
  const more = WIDER_SPANS * (high - low)
  const [from, to] = isLog ? [low / WIDER_FACTOR, high * WIDER_FACTOR] : [low - more, high + more]
  const wider = { ...search, y: { ...search.y, low: from, high: to } }
  return predictedPlace(wider, oracleOf(wider), search.x.values[0], middleOf(search, low, high))
}

/** Why there is nothing to search; null where there may be. */
function agreement(search: Search, corners: readonly Corner[]): string | null {
  const { text, x, y } = search
  const answers = corners.map(({ foresight }) => foresight.answer?.yes ?? null)
  const [first] = answers
  const [low, high] = [corners[0]!, corners[1]!].map((corner) => described(search, corner))
  const shown = `for ${x.path} = ${JSON.stringify(corners[0]!.x)} it foresees ${low} and ${high}`
  const ends = `both ends of ${y.path} on ${x.values.length === 1 ? 'the line' : `all ${x.values.length} lines`}`
  if (answers.every((yes) => yes === null)) {
    return `Theory has no answer to ${text} at ${ends}: ${shown}. Train longer, or ask another question.`
  }
  if (answers.includes(null)) return null
  if (answers.every((yes) => yes === first)) {
    return `Theory answers ${inWords(first!)} to ${text} at ${ends}, so that no boundary lies between: ${shown}. ${remedy(search)}`
  }
  if (answers.some((yes, k) => k % 2 === 1 && yes !== answers[k - 1])) return null
  const other = answers.findIndex((yes) => yes !== first) / 2
  return `By theory the answer to ${text} flips along no line but between them: it is ${inWords(first!)} at both ends of ${y.path} for ${x.path} = ${JSON.stringify(x.values[0])} and ${inWords(!first)} for ${JSON.stringify(x.values[other])}. Widen ${y.path}, or give ${x.path} as the second axis.`
}

function remedy(search: Search): string {
  const { x, y } = search
  const flip = flipElsewhere(search)
  if (flip === null) return `Widen ${y.path}, or ask another question.`
  return `By theory the answer flips at ${figure(flip)} for ${x.path} = ${JSON.stringify(x.values[0])}; widen ${y.path}.`
}

const inWords = (yes: boolean) => (yes ? 'yes' : 'no')

/** What theory foresees of a corner, as far as the question looks at it. */
function described({ question, y }: Search, { y: at, foresight: { seen } }: Corner): string {
  const names = objectivesOf(question).map((objective) =>
    objective === null ? '' : ` of ${objective.toUpperCase()}`,
  )
  const values = seen.map((each, k) => {
    if (question.kind === 'greedy')
      return `the greedy index ${each.greedyIndex === null ? 'unknown' : figure(each.greedyIndex)}`
    if (question.kind === 'collapses') {
      const [last, fixedPoint] = [each.final[question.feature], each.fixedPoints[question.feature]]
      return `feature ${question.feature} at ${figure(last ?? 0)} of ${figure(fixedPoint ?? 0)} in the end`
    }
    const { criticalTimes } = each
    const shown = criticalTimes.slice(0, SHOWN).map((time) => (time === null ? 'never' : figure(time)))
    return `critical times${names[k]} ${shown.join(', ')}${criticalTimes.length > SHOWN ? ', …' : ''}`
  })
  return `${values.join(' and ')} at ${y.path} = ${at}`
}

const SHOWN = 8 // features

/** Four digits, as a person would write them. */
function figure(value: number): string {
  return String(Number(value.toPrecision(4)))
}
