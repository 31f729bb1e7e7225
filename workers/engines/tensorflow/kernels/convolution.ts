import { ATTRIBUTE, type Attribute, type Backend, backendOf } from '../recorder/binding.ts'
import type { Tensor, Tensor4D, Tfjs } from '../tensors.ts'
import { hasKernels } from './available.ts'
import type { Activation } from './dense.ts'

/** How far windows step, and what sums go through. */
export interface Windows {
  readonly stride: number
  readonly activation?: Activation
}

/** The size of the images that a transposed convolution makes. */
export interface Spreading extends Windows {
  readonly to: readonly [height: number, width: number]
}

/**
 * A convolution of R runs, each with its own filter: act(x ∗ k + b) with zeros around x as TensorFlow's 'same' has them. On our
 * own operations every sum is one chain of fused multiply-adds in the order (kh, kw, c), so that a run has the same bits
 * alone and among others; elsewhere it is made of tfjs's. It can be differentiated once.
 *
 * @param x [R][B][H][W][C]
 * @param k [R][kh][kw][C][F]
 * @param b [R][F], null for none
 * @returns [R][B][⌈H/stride⌉][⌈W/stride⌉][F]
 */
export function convolution(tf: Tfjs, x: Tensor, k: Tensor, b: Tensor | null, windows: Windows): Tensor {
  const { stride, activation = 'linear' } = windows
  if (!hasKernels(tf)) {
    const sums = eachRun(tf, x, k, (one, filter) => tf.conv2d(one, filter, stride, 'same'))
    return finished(tf, sums, b, activation)
  }
  const call = new Calls(tf, k, { stride, to: [x.shape[2]!, x.shape[3]!] })
  return differentiable(tf, [x, k, b], activation, {
    forward: () => call.gather([x, k, b], { activation }),
    backward: (slopes, image) => [
      call.spread([slopes.of, k, null], slopes),
      ...call.filter(image, slopes.of, 'map', slopes),
    ],
  })
}

/**
 * A transposed convolution of R runs, as decoders have them: act(x ∗ᵀ k + b), where x ∗ᵀ k is what the slopes of a convolution
 * with k by images of the size `to` would be. Strict like a convolution, in the order of the rows, columns and channels of x.
 *
 * @param x [R][B][⌈to₀/stride⌉][⌈to₁/stride⌉][F]
 * @param k [R][kh][kw][C][F]
 * @param b [R][C], null for none
 * @returns [R][B][to₀][to₁][C]
 */
export function transposed(tf: Tfjs, x: Tensor, k: Tensor, b: Tensor | null, spreading: Spreading): Tensor {
  const { stride, to, activation = 'linear' } = spreading
  if (!hasKernels(tf)) {
    const sums = eachRun(tf, x, k, (one, filter) => {
      const shape: [number, number, number, number] = [one.shape[0], ...to, filter.shape[2]!]
      return tf.conv2dTranspose(one, filter, shape, stride, 'same')
    })
    return finished(tf, sums, b, activation)
  }
  const call = new Calls(tf, k, { stride, to })
  return differentiable(tf, [x, k, b], activation, {
    forward: () => call.spread([x, k, b], { activation }),
    backward: (slopes, map) => [
      call.gather([slopes.of, k, null], slopes),
      ...call.filter(slopes.of, map, 'image', slopes),
    ],
  })
}

/** ∂loss/∂y, and for an activation that is to be gone back through its name and y. */
interface Slopes {
  readonly of: Tensor
  readonly slope?: Activation
  readonly results?: Tensor | undefined
}

interface Directions {
  forward(): Tensor
  /** ∂loss/∂ of x, k and b. @param x as it was given */
  backward(slopes: Slopes, x: Tensor): Tensor[]
}

function differentiable(
  tf: Tfjs,
  [x, k, b]: readonly [Tensor, Tensor, Tensor | null],
  activation: Activation,
  { forward, backward }: Directions,
): Tensor {
  const inputs = b === null ? [x, k] : [x, k, b]
  const layer = (...given: unknown[]) => {
    const save = given.pop() as (tensors: Tensor[]) => void
    const y = forward()
    save(activation === 'linear' ? [x, k] : [x, k, y])
    const gradFunc = (dy: Tensor, [at, , results]: Tensor[]) =>
      backward({ of: dy, slope: activation, results }, at!).slice(0, inputs.length)
    return { value: y, gradFunc }
  }
  return tf.customGrad(layer as never)(...inputs)
}

interface Through {
  readonly activation?: Activation
  readonly slope?: Activation
  readonly results?: Tensor | undefined
}

/** Our own operations with filters of one size, on images of one size. */
class Calls {
  private readonly backend: Backend
  private readonly tf: Tfjs
  private readonly stride: Attribute
  private readonly image: readonly Attribute[]
  private readonly kernel: readonly Attribute[]

  constructor(tf: Tfjs, k: Tensor, { stride, to: [height, width] }: Spreading) {
    this.backend = backendOf(tf)
    this.tf = tf
    this.stride = whole('stride', stride)
    this.image = [whole('height', height), whole('width', width)]
    this.kernel = [whole('height', k.shape[1]!), whole('width', k.shape[2]!)]
  }

  /** Images to maps. */
  gather([image, k, b]: readonly [Tensor, Tensor, Tensor | null], through: Through): Tensor {
    return this.one('JepalabConvolution', [image, k, b], through, [])
  }

  /** Maps to images. */
  spread([map, k, b]: readonly [Tensor, Tensor, Tensor | null], through: Through): Tensor {
    return this.one('JepalabTransposedConvolution', [map, k, b], through, this.image)
  }

  /** Slopes by the filter and the bias. @param slopes which of the two are slopes */
  filter(image: Tensor, map: Tensor, slopes: 'image' | 'map', { slope, results }: Through): Tensor[] {
    const attributes = [this.stride, ...this.kernel, text('slopes', slopes), text('slope', slope ?? 'linear')]
    const inputs = [image, map, results ?? this.none()]
    return this.backend.executeMultipleOutputs('JepalabFilterSlopes', attributes, inputs, 2)
  }

  /** What stands for no tensor. */
  private none(): Tensor {
    return this.tf.zeros([0])
  }

  private one(
    name: string,
    [x, k, b]: readonly [Tensor, Tensor, Tensor | null],
    { activation = 'linear', slope = 'linear', results }: Through,
    sizes: readonly Attribute[],
  ): Tensor {
    const attributes = [this.stride, ...sizes, text('slope', slope), text('activation', activation)]
    const inputs = [x, results ?? this.none(), k, b ?? this.none()]
    return this.backend.executeSingleOutput(name, attributes, inputs)
  }
}

function whole(name: string, value: number): Attribute {
  return { name, type: ATTRIBUTE.int, value }
}

function text(name: string, value: string): Attribute {
  return { name, type: ATTRIBUTE.string, value }
}

/** The same of tfjs's operations, run by run. (The slopes of tf.unstack fail where there is one.) */
function eachRun(tf: Tfjs, x: Tensor, k: Tensor, work: (x: Tensor4D, k: Tensor4D) => Tensor4D): Tensor {
  const of = (tensor: Tensor, run: number) => {
    const own = tensor.shape[0] === 1 ? tensor : tf.slice(tensor, [run], [1])
    const shape = tensor.shape.slice(1) as Tensor4D['shape']
    return tf.reshape(own, shape) as Tensor4D
  }
  const made = Array.from({ length: x.shape[0]! }, (_, run) => work(of(x, run), of(k, run)))
  return made.length === 1 ? tf.expandDims(made[0]!) : tf.stack(made)
}

function finished(tf: Tfjs, sums: Tensor, b: Tensor | null, activation: Activation): Tensor {
  const [runs, channels] = [sums.shape[0]!, sums.shape[4]!]
  const y = b === null ? sums : tf.add(sums, tf.reshape(b, [runs, 1, 1, 1, channels]))
  return activation === 'linear' ? y : tf[activation](y)
}
