/**
 * Places labels of one width along a line as close as possible to where they belong, without overlap and
 * in their order.
 *
 * @param wanted centres, rising
 * @returns centres within [from + width/2, to − width/2], in the order of `wanted`
 */
export function spreadLabels(wanted: readonly number[], width: number, from: number, to: number): number[] {
  const placed: number[] = []
  for (const [k, centre] of wanted.entries()) {
    const least = k === 0 ? from + width / 2 : placed[k - 1]! + width
    placed.push(Math.max(centre, least))
  }
  // Groups pushed to the right move back left by half of what they were pushed too far.
  for (let k = placed.length - 1; k >= 0; k--) {
    const most = k === placed.length - 1 ? to - width / 2 : placed[k + 1]! - width
    placed[k] = Math.min(placed[k]!, most)
  }
  return balanceGroups(placed, wanted, width, from)
}

function balanceGroups(placed: number[], wanted: readonly number[], width: number, from: number): number[] {
  for (let start = 0; start < placed.length; ) {
    let end = start + 1
    while (end < placed.length && placed[end]! - placed[end - 1]! < width * 1.001) end++
    let push = 0
    for (let k = start; k < end; k++) push += (placed[k]! - wanted[k]!) / (end - start)
    const room = placed[start]! - (start === 0 ? from + width / 2 : placed[start - 1]! + width)
    const shift = Math.min(Math.max(push, 0), room)
    for (let k = start; k < end; k++) placed[k] = placed[k]! - shift
    start = end
  }
  return placed
}
