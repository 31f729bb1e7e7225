/** The largest difference of two results, in units of the farthest that a weight has moved from the start. */
export function difference(ours: Float64Array, theirs: Float64Array, start: Float64Array): number {
  let [apart, moved] = [0, 0]
  for (let i = 0; i < ours.length; i++) {
    const gap = Math.abs(ours[i]! - theirs[i]!)
    if (!(gap <= apart)) apart = gap // a NaN counts
    moved = Math.max(moved, Math.abs(ours[i]! - start[i]!))
  }
  return apart / moved
}
