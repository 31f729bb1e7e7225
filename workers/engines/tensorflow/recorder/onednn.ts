import { DTYPE } from './binding.ts'
import { formOf, type Node } from './graph.ts'
import type { Operation } from './operations.ts'

/**
 * oneDNN's kernels, by the names that TensorFlow itself gives them (mkl_eager_op_rewrite.cc). Eager execution puts
 * them in on its own, and so does a graph that is called; the body of a loop is not looked through. With the same
 * kernels the loop has the bits of the eager steps.
 */
const REWRITTEN = new Set([
  ...[
    'AvgPool',
    'AvgPoolGrad',
    'AvgPool3D',
    'AvgPool3DGrad',
    'BatchMatMul',
    'BatchMatMulV2',
    'Einsum',
    'MatMul',
  ],
  ...['Conv2D', 'Conv2DBackpropFilter', 'Conv2DBackpropInput'],
  ...['Conv3D', 'Conv3DBackpropFilterV2', 'Conv3DBackpropInputV2'],
  ...['DepthwiseConv2dNative', 'DepthwiseConv2dNativeBackpropFilter', 'DepthwiseConv2dNativeBackpropInput'],
  ...['FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3'],
  ...['FusedBatchNormGrad', 'FusedBatchNormGradV2', 'FusedBatchNormGradV3'],
])

/** What marks a kernel that is asked for by its own name. */
export const KERNEL_LABEL = 'MklNameChangeOp'

/** The name under which eager execution runs a node on a CPU with oneDNN: its own where it has no other. */
export function nameWithOneDnn(node: Node, operations: (name: string) => Operation | undefined): string {
  const { name, attributes, inputs } = node
  const isFloat = inputs.some((input) => formOf(input).dtype === DTYPE.float32)
  if (!REWRITTEN.has(name) || !isFloat) return name
  const isExplicit = attributes.some((one) => one.name === 'padding' && one.value === 'EXPLICIT')
  if (isExplicit && name.includes('Backprop')) return name
  if (name.startsWith('FusedBatchNorm') && formOf(inputs[0]!).shape.length === 5) return name
  const candidates = [`_MklNative${name}`, `_Mkl${name}`]
  return candidates.find((candidate) => operations(candidate) !== undefined) ?? name
}
