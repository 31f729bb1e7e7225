import type { Layout } from './collector.ts'

/**
 * The header of a .npy array (NumPy Enhancement Proposal 1): magic, version, length, then a Python
 * dictionary with descr, fortran_order and shape. Read here: C-ordered uint8, float32 and float64 of
 * shape [n, h, w], [n, h, w, c] or [n, side²].
 */
export function parseNpyHeader(head: Buffer): Layout | null {
  const found = readNpyDictionary(head)
  if (found === null) return null
  return { headerBytes: found.headerBytes, element: elementOf(found.descr), ...shapeOf(found.shape) }
}

/** An array's element type and shape as NumPy writes them; null asks for more bytes. @throws Error with a clause */
export function readNpyDictionary(
  head: Buffer,
): { headerBytes: number; descr: string; shape: string } | null {
  if (head.length < 12) return null
  if (head.toString('latin1', 0, 6) !== '\x93NUMPY') throw new Error('its array has no NUMPY magic')
  const wide = head[6]! > 1
  const start = wide ? 12 : 10
  const headerBytes = start + (wide ? head.readUInt32LE(8) : head.readUInt16LE(8))
  if (head.length < headerBytes) return null
  const text = head.toString('latin1', start, headerBytes)
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1]
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1]
  const shape = /'shape'\s*:\s*\(([^)]*)\)/.exec(text)?.[1]
  if (descr === undefined || order === undefined || shape === undefined)
    throw new Error('its npy header is garbled')
  if (order === 'True') throw new Error('its array is in Fortran order; save it with numpy.ascontiguousarray')
  return { headerBytes, descr, shape }
}

function elementOf(descr: string): Layout['element'] {
  if (descr === '|u1') return 'uint8'
  if (descr === '<f4') return 'float32'
  if (descr === '<f8') return 'float64'
  throw new Error(`its elements are ${descr}; uint8 (|u1), float32 (<f4) and float64 (<f8) are read`)
}

function shapeOf(text: string): { count: number; height: number; width: number; channels: number } {
  const sizes = text.split(',').map((part) => part.trim())
  if (sizes.at(-1) === '') sizes.pop()
  const shape = sizes.map(Number)
  const [count, height, width, channels = 1] = shape
  if (shape.some((n) => !Number.isSafeInteger(n) || n < 0) || shape.length < 2 || shape.length > 4) {
    throw new Error(`its array has the shape (${text}); [n, h, w], [n, h, w, c] and [n, side²] are read`)
  }
  if (width !== undefined) return { count: count!, height: height!, width, channels }
  const side = Math.round(Math.sqrt(height!))
  if (side * side !== height)
    throw new Error(`its rows have ${height} entries, which is no square; give [n, h, w]`)
  return { count: count!, height: side, width: side, channels: 1 }
}
