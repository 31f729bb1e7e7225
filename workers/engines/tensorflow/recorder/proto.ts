/**
 * Protocol buffers, as much as TensorFlow's graphs need of them: a message is its fields one after the other,
 * each a key (number · 8 + wire type) and a value. Written by hand since four kinds of field are all there is.
 */

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5

const text = new TextEncoder()
const untext = new TextDecoder()

/** A message under way. Fields are written in the order of the calls. */
export class Message {
  readonly #parts: Uint8Array[] = []
  #length = 0

  /** An int32, int64, enum or bool. */
  number(field: number, value: number | boolean): this {
    this.#varint(field * 8 + VARINT)
    this.#varint(Number(value))
    return this
  }

  /** A float of 32 bits. */
  float(field: number, value: number): this {
    this.#varint(field * 8 + FIXED32)
    return this.#push(new Uint8Array(new Float32Array([value]).buffer))
  }

  bytes(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + BYTES)
    this.#varint(value.length)
    return this.#push(value)
  }

  string(field: number, value: string): this {
    return this.bytes(field, text.encode(value))
  }

  message(field: number, value: Message): this {
    this.#varint(field * 8 + BYTES)
    this.#varint(value.#length)
    for (const part of value.#parts) this.#push(part)
    return this
  }

  /** An entry of a map<string, message>: a message of key and value. */
  entry(field: number, key: string, value: Message): this {
    return this.message(field, new Message().string(1, key).message(2, value))
  }

  encode(): Uint8Array {
    const encoded = new Uint8Array(this.#length)
    let at = 0
    for (const part of this.#parts) {
      encoded.set(part, at)
      at += part.length
    }
    return encoded
  }

  #push(part: Uint8Array): this {
    this.#parts.push(part)
    this.#length += part.length
    return this
  }

  #varint(value: number): void {
    const bytes: number[] = []
    let rest = BigInt.asUintN(64, BigInt(value)) // a negative int32 is written as its 64 bits
    while (rest >= 128n) {
      bytes.push(Number(rest & 127n) | 128)
      rest >>= 7n
    }
    bytes.push(Number(rest))
    this.#push(Uint8Array.from(bytes))
  }
}

/** One field of a message that is read: a number, or the bytes of a string or message. */
export interface Field {
  readonly field: number
  readonly number: number
  readonly bytes: Uint8Array
}

const NOTHING = new Uint8Array(0)

/** The fields of an encoded message, one after the other. Fixed-width fields are passed over. */
export function* fieldsOf(encoded: Uint8Array): Generator<Field> {
  const cursor = { at: 0 }
  while (cursor.at < encoded.length) {
    const key = varint(encoded, cursor)
    const field = Math.floor(key / 8)
    const wire = key % 8
    if (wire === VARINT) {
      yield { field, number: varint(encoded, cursor), bytes: NOTHING }
    } else if (wire === BYTES) {
      const length = varint(encoded, cursor)
      yield { field, number: 0, bytes: encoded.subarray(cursor.at, cursor.at + length) }
      cursor.at += length
    } else if (wire === FIXED32 || wire === FIXED64) {
      cursor.at += wire === FIXED32 ? 4 : 8
    } else {
      throw new Error(`a message has a field of wire type ${wire}`)
    }
  }
}

/** The text of a string field. */
export function textOf(bytes: Uint8Array): string {
  return untext.decode(bytes)
}

/** Exact up to 2⁵³, which names, enums and lengths stay under. */
function varint(encoded: Uint8Array, cursor: { at: number }): number {
  let value = 0
  let scale = 1
  for (;;) {
    const byte = encoded[cursor.at++]!
    value += (byte & 127) * scale
    if (byte < 128) return value
    scale *= 128
  }
}
