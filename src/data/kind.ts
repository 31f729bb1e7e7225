import type { DataOfKind, DataSpec } from '../experiment/data-spec.ts'
import type { FieldFault } from '../experiment/failure.ts'
import type { Problem } from './problem.ts'

/** One kind of data that a spec alone makes (images also need a file: see images/). */
export interface Kind<K extends DataSpec['kind']> {
  /** d, the length of x and y. Right even where the spec has faults, as far as one can say. */
  features(data: DataOfKind<K>): number
  /** What the domain forbids, with pointers into the spec; empty where `open` will work. */
  faults(data: DataOfKind<K>): FieldFault[]
  /** Builds the population and the sampler. Expects a spec without faults. */
  open(data: DataOfKind<K>): Problem
}
