import type { Layout } from './collector.ts'

/**
 * The IDX format of MNIST: four magic bytes (0, 0, element type, number of dimensions), one
 * big-endian 32-bit size per dimension, then the elements. Read here: unsigned bytes (8) in three
 * dimensions [count][height][width].
 */
export function parseIdxHeader(head: Buffer): Layout | null {
  if (head.length < 4) return null
  const [zero, zero2, type, dimensions] = head
  if (zero !== 0 || zero2 !== 0)
    throw new Error(`it starts with ${head.toString('hex', 0, 4)}, not with IDX's 0000`)
  if (type !== 8) throw new Error(`its IDX element type is ${type}; unsigned bytes (8) are read`)
  if (dimensions !== 3) {
    throw new Error(`its IDX array has ${dimensions} dimension(s) and images have 3 (labels have 1)`)
  }
  if (head.length < 16) return null
  const [count, height, width] = [4, 8, 12].map((at) => head.readUInt32BE(at)) as [number, number, number]
  return { headerBytes: 16, count, height, width, channels: 1, element: 'uint8' }
}
