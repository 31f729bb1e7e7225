import { column, combine, singularValues, transpose } from '../../../data/linear-algebra.ts'
import type { Matrix } from '../../../experiment/matrix.ts'
import { nonCommutingEnd } from '../../../theory/non-commuting.ts'
import { isNumber } from '../points.ts'
import { figure, type Judge, problemOf, rangeOf, timesOf, type Witness } from './evidence.ts'
import { depthOf } from './ladders.ts'
import { ask, counted, shareKept, together, undecided, verdictOfTally } from './tally.ts'

/**
 * What survives where Sxx and Syx share no basis (docs/theory.md §7). M = Syx Sxx⁻¹ has the left eigenvectors l, Syx' l = ρ Sxx l, |l| = 1;
 * results list amplitudes |W̄ q_j| along the directions of the symmetrised Syx by falling ρ, which are the l where Syx is symmetric.
 *
 *   JEPA   learns the one of the largest ρ first; while it has learned no other, W̄ = ρ₀^L o l₀', so |W̄ q_j| = ρ₀^L |l₀'q_j| for all j
 *   MAE    once all are learned, W̄'W̄ = (M'M)^(L/(L+1)), so |W̄ q_j|² = Σ_k m_k^(2L/(L+1)) (v_k'q_j)² with M's singular values m and
 *          right-singular vectors v
 */
const CLOSE = 0.02 // relative

export const judgeGeneralised: Judge = (evidence) => {
  const told = evidence.witnesses.filter(
    (witness) => problemOf(witness)?.spectrum.generalizedRho !== undefined,
  )
  const of = (objective: string) => told.filter(({ spec }) => spec.objective === objective)
  const first = ask(of('jepa'), beginsWithLargestRho)
  const plateaus = of('jepa').filter(hasLearnedOne)
  const ends = of('mae').filter(hasLearnedAll)
  if (plateaus.length === 0 || ends.length === 0)
    return undecided(
      `The claim needs JEPA runs that end with one feature learned and MAE runs that end with all, on data whose generalised ρ are real; there are ${plateaus.length} and ${ends.length}.`,
    )
  const [plateau, end] = [plateaus.map(plateauError), ends.map(endError)]
  const worst = (errors: readonly number[]) => rangeOf(errors)!.high
  const commutator = worst(told.map((witness) => problemOf(witness)!.spectrum.commutator))
  const figures = [
    {
      name: 'share of JEPA runs that begin with the largest generalised ρ',
      measured: shareKept(first),
      wanted: '1',
    },
    {
      name: 'largest relative error of |W̄ q| = ρ^L |l·q| on the first plateau of JEPA',
      measured: worst(plateau),
      wanted: `below ${CLOSE}`,
    },
    {
      name: "largest relative error of MAE's final |W̄ q| from the singular values of ΣyxΣxx⁻¹",
      measured: worst(end),
      wanted: `below ${CLOSE}`,
    },
    { name: 'largest commutator', measured: commutator, wanted: 'above 0' },
  ]
  const isClose = (errors: readonly number[]) => worst(errors) < CLOSE
  const parts = [verdictOfTally(first), isClose(plateau), isClose(end), commutator > 1e-3 ? true : null]
  const because = `JEPA begins with the largest generalised ρ in ${counted(first)}; on its first plateau amplitudes are within ${figure(100 * worst(plateau))} % of ρ^L along that feature and 0 across (${plateaus.length} runs), and MAE ends within ${figure(100 * worst(end))} % of the singular values of ΣyxΣxx⁻¹ (${ends.length} runs), at commutators up to ${figure(commutator)}.`
  return together(evidence, parts, because, figures)
}

function beginsWithLargestRho(witness: Witness): boolean | null {
  const [first] = witness.run.order?.measured ?? []
  return first === undefined || timesOf(witness)[first] === null ? null : first === 0
}

function hasLearnedOne(witness: Witness): boolean {
  const learned = timesOf(witness).filter(isNumber)
  return learned.length === 1 && timesOf(witness).length > 1
}

function hasLearnedAll(witness: Witness): boolean {
  return timesOf(witness).every(isNumber)
}

/** The largest error of the rank-one encoder, in parts of ρ₀^L. */
function plateauError(witness: Witness): number {
  const { moments, spectrum } = problemOf(witness)!
  const [rho] = spectrum.generalizedRho!
  const target = rho! ** depthOf(witness)
  // l₀ spans the null space of Syx' − ρ₀ Sxx.
  const { v } = singularValues(combine(1, transpose(moments.Syx), -rho!, moments.Sxx))
  const first = column(v, v.cols - 1)
  return largestError(witness, (q) => target * Math.abs(dot(first, q)), spectrum.directions, target)
}

function endError(witness: Witness): number {
  const { moments, spectrum } = problemOf(witness)!
  const { maeSingularValues, maeDirections } = nonCommutingEnd(moments.Sxx, moments.Syx, depthOf(witness))
  const squares = maeSingularValues.map((value) => value ** 2)
  const expected = (q: Float64Array) =>
    Math.sqrt(squares.reduce((sum, square, k) => sum + square * dot(column(maeDirections, k), q) ** 2, 0))
  return largestError(witness, expected, spectrum.directions, maeSingularValues[0]!)
}

function largestError(
  { run }: Witness,
  expected: (q: Float64Array) => number,
  directions: Matrix,
  unit: number,
): number {
  const errors = run.amplitudes!.final.map(
    (final, j) => Math.abs((final ?? 0) - expected(column(directions, j))) / unit,
  )
  return Math.max(...errors)
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, k) => sum + value * b[k]!, 0)
}
