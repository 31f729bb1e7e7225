import { groupsOf } from '../groups.ts'
import { pointWithout } from '../points.ts'
import { OBJECTIVE } from '../twins.ts'
import { figure, type Judge } from './evidence.ts'
import { inWords, isAbove, placeOf } from './nets.ts'
import { together, undecided } from './tally.ts'

/**
 * Whether linear accuracy falls under JEPA and rises under MAE: the gain of each run, final − initial, over seeds. At each point it falls
 * where the 95 % interval of the mean lies below 0, rises where it lies above, and is open where 0 is in it.
 */
export const judgeClasses: Judge = (evidence) => {
  const groups = groupsOf(evidence.witnesses.map(({ run }) => run)).flatMap(({ point, accuracy }) =>
    accuracy === undefined || accuracy.gain.n === 0 ? [] : [{ point, accuracy }],
  )
  const objectives = new Set(groups.map(({ point }) => point[OBJECTIVE]))
  if (!objectives.has('jepa') || !objectives.has('mae'))
    return undecided(
      'The claim compares nets by JEPA with nets by MAE, and not both have runs on images with classes.',
    )
  const about = groups.map(({ point, accuracy }) => {
    const isJepa = point[OBJECTIVE] === 'jepa'
    const rises = isAbove(accuracy.gain)
    return {
      who: `${isJepa ? 'JEPA' : 'MAE'}${placeOf(pointWithout(point, [OBJECTIVE]))}`,
      accuracy,
      wanted: isJepa ? 'below the start' : 'above the start',
      holds: rises === null ? null : rises !== isJepa,
    }
  })
  const figures = about.map(({ who, accuracy: { initial, final }, wanted }) => ({
    name: `accuracy at the end, ${who}`,
    measured: final.mean,
    wanted: `${wanted}, ${initial.mean === null ? 'unknown' : figure(initial.mean)}`,
  }))
  const told = about.map(({ who, accuracy }) => `${inWords(accuracy.gain, 'run')} for ${who}`)
  return together(
    evidence,
    about.map(({ holds }) => holds),
    `From start to end accuracy changes by ${told.join(', ')}.`,
    figures,
  )
}
