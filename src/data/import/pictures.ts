import { MAX_IMAGE_BYTES } from '../images/image-set.ts'
import type { Picture } from './decode.ts'
import { decode } from './decode.ts'
import type { Entry } from './entry.ts'
import type { ImportLimits } from './limits.ts'
import { cutPatches, patchesOf } from './patches.ts'
import { readPictureHeader } from './picture-header.ts'
import type { Plan, Wishes } from './plan.ts'

/**
 * Pictures, PNG or JPEG: each an image, or a photograph to cut patches from. The first folder of a name is the class. One
 * channel where all are gray, else three; transparency is dropped and depth is eight bits.
 */
const HEAD_BYTES = 65_536

/** @throws Error with a clause that names the picture at fault */
export async function picturesPlan(
  files: readonly Entry[],
  { patches }: Wishes,
  limits: ImportLimits,
): Promise<Plan> {
  const pictures = await Promise.all(files.map((file) => headerOf(file, limits)))
  const channels = pictures.every(({ isGray }) => isGray) ? 1 : 3
  const { classes, classOf } = classesOf(files)
  const cuts = patches ? pictures.map((picture, i) => patchesOf(patches, picture, i, pictures.length)) : null
  if (!cuts) checkOneSize(pictures)
  const each = cuts?.map(({ length }) => length / 2) ?? pictures.map(() => 1)
  const count = each.reduce((sum, n) => sum + n, 0)
  const [height, width] = patches ? [patches.size, patches.size] : [pictures[0]!.height, pictures[0]!.width]
  checkTotal(count, count * height * width * channels)
  const labels = classes && Uint16Array.from(each.flatMap((n, i) => new Array<number>(n).fill(classOf(i))))
  async function* pixels(): AsyncGenerator<Uint8Array> {
    let from = 0
    for (const group of groupsOf(pictures, limits.picturePixels)) {
      const decoded = await Promise.all(group.map((picture) => decode(picture, channels, limits)))
      if (!cuts) yield Buffer.concat(decoded)
      else {
        for (const [k, values] of decoded.entries()) {
          const { width } = group[k]!
          yield cutPatches(values, { width, channels, size: height }, cuts[from + k]!)
        }
      }
      from += group.length
    }
  }
  return { format: 'pictures', count, height, width, channels, classes, labels, pixels }
}

/** Pictures that are decoded together, by the four threads that a process has for such work. */
const TOGETHER = 32

/** Pictures in their order, some together: of so many pixels at most, or one. */
function* groupsOf(pictures: readonly Picture[], mostPixels: number): Generator<Picture[]> {
  let [group, pixels]: [Picture[], number] = [[], 0]
  for (const picture of pictures) {
    const more = picture.width * picture.height
    if (group.length === TOGETHER || (group.length > 0 && pixels + more > mostPixels)) {
      yield group
      ;[group, pixels] = [[], 0]
    }
    group.push(picture)
    pixels += more
  }
  if (group.length > 0) yield group
}

async function headerOf(file: Entry, limits: ImportLimits): Promise<Picture> {
  const { name, bytes } = file
  if (bytes > limits.pictureBytes) {
    throw new Error(`${name} has ${bytes} bytes, over the limit of ${limits.pictureBytes} for one picture`)
  }
  try {
    const header = readPictureHeader(await file.head(HEAD_BYTES)) ?? readPictureHeader(await file.head(bytes))
    if (header === null) throw new Error(`is truncated: its ${bytes} bytes end inside its header`)
    const { width, height } = header
    if (width * height === 0) throw new Error(`claims ${width}×${height} pixels`)
    if (width * height > limits.picturePixels) {
      throw new Error(
        `claims ${width}×${height} pixels, over the limit of ${limits.picturePixels} for one picture`,
      )
    }
    return { file, ...header }
  } catch (cause) {
    throw new Error(`${name} ${(cause as Error).message}`, { cause })
  }
}

function checkOneSize(pictures: readonly Picture[]): void {
  const [first] = pictures as [Picture]
  const other = pictures.find(({ width, height }) => width !== first.width || height !== first.height)
  if (other === undefined) return
  const size = ({ file, width, height }: Picture) => `${file.name} is ${width}×${height}`
  throw new Error(
    `its pictures are of mixed sizes: ${size(first)} and ${size(other)} pixels; make them alike, or cut patches`,
  )
}

function checkTotal(count: number, bytes: number): void {
  if (count < 2) throw new Error(`it holds ${count} image(s); at least 2 are needed`)
  if (bytes > MAX_IMAGE_BYTES)
    throw new Error(`it becomes ${bytes} bytes of pixels, over the limit of ${MAX_IMAGE_BYTES}`)
}

/** The first folders of the names, in their order; no classes where no picture is in a folder. */
function classesOf(files: readonly Entry[]) {
  const folders = files.map(({ name }) => (name.includes('/') ? name.slice(0, name.indexOf('/')) : null))
  const bare = folders.indexOf(null)
  const inFolder = folders.findIndex((folder) => folder !== null)
  if (inFolder < 0) return { classes: null, classOf: () => 0 }
  if (bare >= 0) {
    throw new Error(
      `${files[bare]!.name} lies beside the folder of ${files[inFolder]!.name}; give every picture a class folder, or none`,
    )
  }
  const classes = [...new Set(folders as string[])].sort()
  if (classes.length > 65_536) throw new Error(`it has ${classes.length} class folders; 65536 are the most`)
  const numbers = new Map(classes.map((name, k) => [name, k]))
  return { classes, classOf: (i: number) => numbers.get(folders[i]!)! }
}
