import type { DataSpec } from '../experiment/data-spec.ts'
import type { Kind } from './kind.ts'
import { covariance } from './kinds/covariance.ts'
import { featureMask } from './kinds/feature-mask.ts'
import { gaussian } from './kinds/gaussian.ts'
import { linearSystem } from './kinds/linear-system.ts'
import { nonlinear } from './kinds/nonlinear.ts'
import { pixelMask } from './kinds/pixel-mask.ts'
import { randomProjection } from './kinds/random-projection.ts'
import { staticNoise } from './kinds/static-noise.ts'
import { temporal } from './kinds/temporal.ts'

/** A spec that is all there is to know of its data: every kind but images. */
export type SyntheticSpec = Exclude<DataSpec, { kind: 'images' }>

const kinds: { [K in SyntheticSpec['kind']]: Kind<K> } = {
  gaussian,
  'static-noise': staticNoise,
  'feature-mask': featureMask,
  'pixel-mask': pixelMask,
  'random-projection': randomProjection,
  temporal,
  'linear-system': linearSystem,
  covariance,
  nonlinear,
}

/** The kind that a spec names; the answer takes specs of that kind. */
export function kindOf(data: SyntheticSpec): Kind<SyntheticSpec['kind']> {
  return kinds[data.kind] as unknown as Kind<SyntheticSpec['kind']>
}
