import { type Static, Type } from 'typebox'

/** Registered image sets: how one is asked for, and what is known of it. */
const closed = { additionalProperties: false } as const

/** What a user may call a set. */
export const DatasetName = Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,63}$' })

export const IMAGE_FORMATS = ['idx', 'npz', 'cifar-10', 'cifar-100', 'pictures'] as const
const Format = Type.Unsafe<(typeof IMAGE_FORMATS)[number]>(Type.Enum([...IMAGE_FORMATS]))

const size = Type.Integer({ minimum: 1, maximum: 4096 })
const count = Type.Integer({ minimum: 2, maximum: 10_000_000 })
const seed = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 })

/**
 * Squares of `size` pixels cut from photographs: on a grid of `stride` (the size itself where nothing is said), or `count` of
 * them at places drawn from `seed`, as many from each photograph.
 */
const Patches = Type.Object(
  { size, stride: Type.Optional(size), count: Type.Optional(count), seed: Type.Optional(seed) },
  closed,
)

const classes = Type.Integer({ minimum: 1, maximum: 65_536, description: 'Labels must be below it' })

/** A file or folder on the server that becomes a set. */
export const DatasetRequest = Type.Object(
  {
    path: Type.String({ minLength: 1, maxLength: 4096, description: 'Absolute path on the server' }),
    labels: Type.Optional(
      Type.String({ minLength: 1, maxLength: 4096, description: 'A second file, of labels (IDX)' }),
    ),
    name: Type.Optional(DatasetName),
    format: Type.Optional(Format),
    classes: Type.Optional(classes),
    patches: Type.Optional(Patches),
  },
  { ...closed, $id: 'DatasetRequest' },
)
export type DatasetRequest = Static<typeof DatasetRequest>

/** The same for a file that is the body itself: its fields stand in the query. */
export const UploadQuery = Type.Object(
  {
    name: Type.Optional(DatasetName),
    filename: Type.Optional(Type.String({ minLength: 1, maxLength: 255, description: 'For messages' })),
    format: Type.Optional(Format),
    classes: Type.Optional(classes),
    patchSize: Type.Optional(size),
    patchStride: Type.Optional(size),
    patchCount: Type.Optional(count),
    patchSeed: Type.Optional(seed),
  },
  closed,
)
export type UploadQuery = Static<typeof UploadQuery>

export const DatasetView = Type.Object(
  {
    id: Type.String({ description: '`d` and 26 letters, from the SHA-256' }),
    names: Type.Array(Type.String()),
    sha256: Type.String({ description: 'Of the file that holds the set; the digest of data that use it' }),
    count: Type.Integer(),
    height: Type.Integer(),
    width: Type.Integer(),
    channels: Type.Integer(),
    bytes: Type.Integer(),
    classes: Type.Union([
      Type.Array(Type.Object({ name: Type.String(), count: Type.Integer() })),
      Type.Null({ description: 'The set has no labels' }),
    ]),
    mean: Type.Array(Type.Number(), { description: 'Per channel, of 0 to 255' }),
    deviation: Type.Array(Type.Number()),
    spectrum: Type.Object({
      resolution: Type.Integer({
        description: 'Images were averaged over channels and to so many equal areas a side',
      }),
      variance: Type.Number({ description: 'Mean pixel variance there, of 0 to 255' }),
      eigenvalues: Type.Array(Type.Number(), {
        description: 'Of the covariance over that variance, falling',
      }),
    }),
    source: Type.Object({ name: Type.String(), format: Format }),
    createdAt: Type.String(),
  },
  { $id: 'Dataset' },
)
export type DatasetView = Static<typeof DatasetView>

/** How far an import is, from 0 to 1. */
export interface ImportProgress {
  readonly phase: 'receiving' | 'reading' | 'measuring'
  readonly fraction: number
}
