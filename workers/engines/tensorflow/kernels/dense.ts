import { ATTRIBUTE, type Attribute, type Backend, backendOf } from '../recorder/binding.ts'
import type { Tensor, Tfjs } from '../tensors.ts'
import { hasKernels } from './available.ts'

/** What a layer's sums go through. */
export type Activation = 'linear' | 'relu' | 'tanh'

/**
 * A dense layer of R runs, each with its own weights: act(x · w + b). On our own operations every sum is one chain of fused
 * multiply-adds over rising k, so that a run has the same bits alone and among others; elsewhere it is made of tfjs's. It can be
 * differentiated once.
 *
 * @param x [R][B][I]
 * @param w [R][I][O]
 * @param b [R][O], null for none
 * @returns [R][B][O]
 */
export function dense(
  tf: Tfjs,
  x: Tensor,
  w: Tensor,
  b: Tensor | null,
  activation: Activation = 'linear',
): Tensor {
  if (!hasKernels(tf)) return composed(tf, x, w, b, activation)
  const backend = backendOf(tf)
  const attributes: Attribute[] = [{ name: 'activation', type: ATTRIBUTE.string, value: activation }]
  const layer = (...given: unknown[]) => {
    const save = given.pop() as (tensors: Tensor[]) => void
    const inputs = given as Tensor[]
    const operands = b === null ? [...inputs, tf.zeros([0])] : inputs
    const y = backend.executeSingleOutput('JepalabDense', attributes, operands)
    save(activation === 'linear' ? inputs.slice(0, 2) : [...inputs.slice(0, 2), y])
    const gradFunc = (dy: Tensor, saved: Tensor[]) =>
      slopes(backend, attributes, dy, saved).slice(0, inputs.length)
    return { value: y, gradFunc }
  }
  return tf.customGrad(layer as never)(...(b === null ? [x, w] : [x, w, b]))
}

/** ∂/∂x, ∂/∂w and ∂/∂b. A linear layer's slopes do not look at y. */
function slopes(
  backend: Backend,
  attributes: readonly Attribute[],
  dy: Tensor,
  [x, w, y = dy]: readonly Tensor[],
): Tensor[] {
  const ofInput = backend.executeSingleOutput('JepalabDenseInputSlopes', attributes, [w!, y, dy])
  return [ofInput, ...backend.executeMultipleOutputs('JepalabDenseWeightSlopes', attributes, [x!, y, dy], 2)]
}

/** The same of tfjs's operations. */
function composed(tf: Tfjs, x: Tensor, w: Tensor, b: Tensor | null, activation: Activation): Tensor {
  const product = tf.matMul(x, w)
  const sums = b === null ? product : tf.add(product, tf.expandDims(b, 1))
  return activation === 'linear' ? sums : tf[activation](sums)
}
