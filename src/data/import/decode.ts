import type { Entry } from './entry.ts'
import type { ImportLimits } from './limits.ts'
import type { PictureHeader } from './picture-header.ts'

/** A picture file and what its header says. */
export interface Picture extends PictureHeader {
  readonly file: Entry
}

/**
 * The pixels of a picture, [height][width][channels], as its file has them: colour profiles and orientation are not
 * applied. Whatever is damaged refuses it, checksums included.
 *
 * @throws Error with a clause that names the file
 */
export async function decode(
  { file, width, height }: Picture,
  channels: number,
  limits: ImportLimits,
): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp')
  const bytes = await file.whole()
  try {
    const options = { limitInputPixels: limits.picturePixels, failOn: 'warning', ignoreIcc: true } as const
    const { data, info } = await sharp(bytes, options)
      .removeAlpha()
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    if (info.width === width && info.height === height && info.channels === channels) return data
    throw new Error(
      `is ${info.width}×${info.height} pixels of ${info.channels} channels, not as its header says`,
    )
  } catch (cause) {
    const [line] = (cause as Error).message.split('\n')
    throw new Error(`${file.name} cannot be decoded (${line})`, { cause })
  }
}
