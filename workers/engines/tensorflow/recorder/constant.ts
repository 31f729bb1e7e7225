import { protoValue, shapeMessage } from './attributes.ts'
import { DTYPE } from './binding.ts'
import { sizeOf } from './graph.ts'
import { Message } from './proto.ts'

/** Fields of TensorProto. `filled`, by type: where one value stands for all elements. */
const TENSOR = { dtype: 1, shape: 2, content: 4, filled: { float: 5, int: 7, bool: 11 } }

/**
 * An AttrValue that is a tensor.
 *
 * @param bytes its memory in row-major order, or one element that fills it
 */
export function tensorValue(dtype: number, shape: readonly number[], bytes: Uint8Array): Message {
  const tensor = new Message().number(TENSOR.dtype, dtype).message(TENSOR.shape, shapeMessage(shape))
  const width = WIDTHS[dtype]
  if (width !== bytes.length || sizeOf(shape) <= 1) tensor.bytes(TENSOR.content, bytes)
  else fill(tensor, dtype, new DataView(bytes.buffer, bytes.byteOffset))
  return protoValue(tensor)
}

function fill(tensor: Message, dtype: number, element: DataView): void {
  if (dtype === DTYPE.float32) tensor.float(TENSOR.filled.float, element.getFloat32(0, true))
  else if (dtype === DTYPE.int32) tensor.number(TENSOR.filled.int, element.getInt32(0, true))
  else if (dtype === DTYPE.bool) tensor.number(TENSOR.filled.bool, element.getUint8(0) !== 0)
  else tensor.number(TENSOR.filled.int, element.getUint8(0))
}

/** Bytes of an element of the types whose constants may be given by one element. */
const WIDTHS: Readonly<Record<number, number>> = {
  [DTYPE.float32]: 4,
  [DTYPE.int32]: 4,
  [DTYPE.bool]: 1,
  [DTYPE.uint8]: 1,
}

/** A constant's memory, cut to one element where all have the same bits. A copy either way. */
export function constantBytes(dtype: number, values: ArrayBufferView): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  const width = WIDTHS[dtype]
  const isFilled =
    width !== undefined && bytes.length > width && bytes.every((byte, k) => byte === bytes[k % width])
  return bytes.slice(0, isFilled ? width : bytes.length)
}
