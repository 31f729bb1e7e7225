/**
 * The next place at which to ask, between two that answer differently.
 *
 * Places are shares of the axis, 0 at its low end and 1 at its high one; n = ⌈log₂(1/W)⌉ halvings narrow it to the tolerance W. Where the answers
 * come with margins, the root of the parabola through those measured nearest says more than the middle. The next place is that
 * root moved towards the far side of the bracket by as much as the root may be wrong, so that the far side comes near too (in regula
 * falsi it never would). It is kept where the bracket can still be closed within n + 1 steps in all whatever the answers: at worst one more
 * than bisection, as in the ITP method (Oliveira and Takahashi, ACM Trans. Math. Softw. 47:5, 2020).
 *
 * Steps by simulation over flips all along the axis, W = 1/70 (n = 7) and 1/926 (n = 10), mean and most:
 *
 *   margin                       W = 1/70     1/926
 *   linear, as ln t* in ln λ     2.9  3       3.0  3
 *   e^(3s)                       3.8  5       5.1  6
 *   √s                           4.3  7       5.2  9
 *   tanh(8s)                     4.5  6       5.4  7
 *   tanh(30s)                    5.5  7       6.9  8
 *   e^(12s)                      6.3  8       8.4  11
 *   five times as steep above    6.6  8       9.9  11
 *   a step                       7.0  7       10   10
 *
 * Places lie on a dyadic grid much finer than W, so that the last bits of a measured margin make no other run.
 */
export interface Asked {
  readonly share: number
  readonly yes: boolean
  readonly margin: number | null
}

const FINER = 6 // halvings of the grid beyond those of the search
const FIRST_ERROR = 1 / 8 // of the axis, of a line through two margins

/** n, the bisections that take a bracket of 1 within the tolerance. */
export function halvings(tolerance: number): number {
  return Math.max(0, Math.ceil(Math.log2(1 / tolerance) - 1e-12)) // rounding only
}

/** The share on the grid of the search that is this one but for rounding, or the share itself. */
export function onGrid(share: number, tolerance: number): number {
  const near = rounded(share, tolerance)
  return Math.abs(near - share) < 1e-12 ? near : share // a logarithm's rounding
}

/**
 * A share strictly inside the bracket.
 *
 * @param known all places answered on the line
 * @param made places asked so far between the ends of the line
 * @param tolerance W, the width to come to; the bracket is wider
 */
export function nextShare(
  [low, high]: readonly [Asked, Asked],
  known: readonly Asked[],
  made: number,
  tolerance: number,
): number {
  const middle = (low.share + high.share) / 2
  if (!tells(low) || !tells(high)) return middle
  const widest = 2 ** -made // that the bracket may be after this step: 2^−n × 2^(steps left then)
  const [from, to] = [high.share - widest, low.share + widest]
  if (from >= to) return middle
  const aim = rounded(beyondRoot(low, high, known, tolerance), tolerance)
  const kept = Math.min(to, Math.max(from, aim))
  return kept > low.share && kept < high.share ? kept : middle
}

/** Whether the margin is a number of the side of the answer. */
function tells({ yes, margin }: Asked): boolean {
  return margin !== null && (yes ? margin > 0 : margin < 0)
}

/** The root moved towards the far side, at most to the middle. */
function beyondRoot(low: Asked, high: Asked, known: readonly Asked[], tolerance: number): number {
  const third = nearestTo(low, high, known)
  const line = rootOf([low, high])
  const root = third === null ? line : rootOf([low, high, third])
  const error = third === null ? FIRST_ERROR : Math.abs(root - line)
  const near = Math.min(root - low.share, high.share - root)
  // Half-way from the root to where the bracket would be within the tolerance, if its near side allows that.
  const least = near < tolerance ? (tolerance - near) / 2 : tolerance / 2
  const far = Math.max(root - low.share, high.share - root)
  const shift = Math.min(Math.max(least, error), (far - near) / 2)
  return root - low.share < high.share - root ? root + shift : root - shift
}

function nearestTo(low: Asked, high: Asked, known: readonly Asked[]): Asked | null {
  const distance = ({ share }: Asked) => Math.max(low.share - share, share - high.share)
  const outside = known.filter((each) => each.margin !== null && distance(each) > 0)
  return outside.sort((a, b) => distance(a) - distance(b))[0] ?? null
}

/** Where the polynomial through the margins is 0 between the first two, whose margins differ in sign: for a line or a parabola one place. */
function rootOf(nodes: readonly [Asked, Asked, ...Asked[]]): number {
  const [low, high] = nodes
  let [from, to] = [low.share, high.share]
  for (let k = 0; k < 53; k++) {
    const middle = (from + to) / 2
    if (polynomial(nodes, middle) > 0 === low.yes) from = middle
    else to = middle
  }
  return (from + to) / 2
}

function polynomial(nodes: readonly Asked[], share: number): number {
  let sum = 0
  for (const [i, a] of nodes.entries()) {
    let term = a.margin!
    for (const [j, b] of nodes.entries()) if (j !== i) term *= (share - b.share) / (a.share - b.share)
    sum += term
  }
  return sum
}

function rounded(share: number, tolerance: number): number {
  const fine = 2 ** (halvings(tolerance) + FINER)
  return Math.round(share * fine) / fine
}
