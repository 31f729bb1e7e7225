/** What an import may take, whatever its files claim. */
export interface ImportLimits {
  /** That compressed files and archives may unpack to, together. */
  readonly unpackedBytes: number
  /** Of one picture file. */
  readonly pictureBytes: number
  /** Of one picture: width times height. */
  readonly picturePixels: number
  readonly files: number
}

export const IMPORT_LIMITS: ImportLimits = {
  unpackedBytes: 2 ** 31,
  pictureBytes: 2 ** 27,
  picturePixels: 2 ** 26,
  files: 2_000_000,
}
