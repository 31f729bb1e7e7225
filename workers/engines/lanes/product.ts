/** A matrix product for the kernels, field for field as native/lanes/probes/product.h has it, where shapes and bits stand. */
export interface ProductCall {
  readonly m: number
  readonly n: number
  readonly k: number
  readonly a: Float64Array
  readonly aRow: number
  readonly aCol: number
  readonly b: Float64Array
  readonly bRow: number
  readonly bCol: number
  /** 1: of a symmetric product what lies right of the diagonal may stay as it was. */
  readonly lower: 0 | 1
  readonly out: Float64Array // [m][n]
}
