/** What the first bytes of a PNG or JPEG file say of the picture, before anything is decoded. */
export interface PictureHeader {
  readonly width: number
  readonly height: number
  readonly isGray: boolean
}

const PNG = Buffer.from('89504e470d0a1a0a', 'hex')

/** Which of the two a file is; null for anything else. */
export function pictureKind(head: Buffer): 'png' | 'jpeg' | null {
  if (head.subarray(0, 8).equals(PNG)) return 'png'
  return head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff ? 'jpeg' : null
}

/** Reads the size from a file's first bytes; null asks for more. @throws Error with a clause where they are no picture's */
export function readPictureHeader(head: Buffer): PictureHeader | null {
  const kind = pictureKind(head)
  if (kind === 'png') return pngHeader(head)
  if (kind === 'jpeg') return jpegHeader(head)
  throw new Error(`is neither PNG nor JPEG (it begins with ${head.toString('hex', 0, 4) || 'nothing'})`)
}

/** The first chunk is IHDR: width, height, depth, colour type (0 and 4 are gray). */
function pngHeader(head: Buffer): PictureHeader | null {
  if (head.length < 26) return null
  if (head.toString('latin1', 12, 16) !== 'IHDR') throw new Error('does not begin with the chunk IHDR')
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20), isGray: head[25]! % 4 === 0 }
}

/** Segments FF marker length …; a frame header (SOF) has depth, height, width and the number of components. */
function jpegHeader(head: Buffer): PictureHeader | null {
  for (let at = 2; at + 4 <= head.length; ) {
    if (head[at] !== 0xff) throw new Error(`has no marker at ${at}`)
    const marker = head[at + 1]!
    if (marker === 0xff) {
      at++ // filling
      continue
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) {
      if (at + 10 > head.length) return null
      return {
        height: head.readUInt16BE(at + 5),
        width: head.readUInt16BE(at + 7),
        isGray: head[at + 9] === 1,
      }
    }
    if (marker === 0xd9 || marker === 0xda) throw new Error('has no frame header before its picture')
    at += 2 + head.readUInt16BE(at + 2)
  }
  return null
}
