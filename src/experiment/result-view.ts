import { type Static, Type } from 'typebox'
import { Objective } from './spec.ts'

/** What users read of a finished run: measurements beside theory. Critical times are flow times; null is never. */
const finite = Type.Number()
const orNull = Type.Union([Type.Number(), Type.Null()])

export const FeatureResult = Type.Object({
  index: Type.Integer(),
  /** Of a known latent. */
  name: Type.Optional(Type.String()),
  lambda: finite,
  rho: finite,
  criticalTime: Type.Object({ measured: orNull, predicted: orNull, leadingOrder: orNull }),
  amplitude: Type.Object({ initial: orNull, final: orNull, fixedPoint: orNull }),
})

export const ResultView = Type.Object(
  {
    id: Type.String(),
    objective: Objective,
    features: Type.Array(FeatureResult),
    order: Type.Object({
      measured: Type.Array(Type.Integer()),
      predicted: Type.Array(Type.Integer()),
      /** Of a net, for which there is no theory: by falling λ and by falling ρ. */
      byLambda: Type.Optional(Type.Array(Type.Integer())),
      byRho: Type.Optional(Type.Array(Type.Integer())),
    }),
    /** Of a net: Spearman's rank correlation of the measured order with that by falling λ and that by falling ρ. */
    orderCorrelation: Type.Optional(Type.Object({ byLambda: orNull, byRho: orNull })),
    /** Spearman's rank correlation of measured and predicted critical times over features that both learn. */
    rankCorrelation: orNull,
    greedyIndex: Type.Object({ measured: orNull, predicted: orNull }),
    /** Root mean square of (measured − predicted) / largest fixed point, over rows and features. */
    theoryResidual: orNull,
    applies: Type.Object({ commuting: Type.Boolean(), balanced: Type.Boolean(), stable: Type.Boolean() }),
    /** Null of a net. */
    commutator: orNull,
    asymmetry: orNull,
    loss: Type.Object({ initial: orNull, final: orNull }),
    /** What probes of a net's representation saw first and last; their series are in the trajectory. */
    probes: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object({
          names: Type.Array(Type.String()),
          initial: Type.Array(orNull),
          final: Type.Array(orNull),
        }),
      ),
    ),
    /** When a net's representation first told samples apart no more; null where it always did. */
    collapse: Type.Optional(
      Type.Union([Type.Object({ step: finite, time: finite, message: Type.String() }), Type.Null()]),
    ),
    steps: finite,
    wallSeconds: finite,
    stepsPerSecond: orNull,
    device: Type.String(),
    engine: Type.String(),
    precision: Type.String(),
    versions: Type.Record(Type.String(), Type.String()),
    fingerprint: Type.String(),
  },
  { $id: 'ResultView' },
)
export type ResultView = Static<typeof ResultView>

export const TrajectoryView = Type.Object(
  {
    time: Type.Array(finite),
    step: Type.Array(finite),
    loss: Type.Array(orNull),
    features: Type.Array(
      Type.Object({
        index: Type.Integer(),
        measured: Type.Array(orNull),
        predicted: Type.Array(orNull),
        /** When the measured amplitude first passed each rung of the ladder 10^(k/40): finer than the rows. */
        passages: Type.Optional(Type.Object({ time: Type.Array(finite), amplitude: Type.Array(finite) })),
      }),
    ),
    /** Of a net: per probe the names of its values and a series for each; null at rows at which it was not taken. */
    probes: Type.Optional(
      Type.Record(
        Type.String(),
        Type.Object({ names: Type.Array(Type.String()), values: Type.Array(Type.Array(orNull)) }),
      ),
    ),
  },
  { $id: 'Trajectory' },
)
export type TrajectoryView = Static<typeof TrajectoryView>

export const SpectrumView = Type.Object(
  {
    sigma2: Type.Array(finite),
    lambda: Type.Array(finite),
    rho: Type.Array(finite),
    sigmaY2: Type.Array(finite),
    generalizedRho: Type.Optional(Type.Array(finite)),
    commutator: finite,
    asymmetry: finite,
    /** Where moments are estimated: from so many pairs, to this part of their Frobenius norms. */
    estimate: Type.Optional(Type.Object({ samples: Type.Integer(), error: finite })),
    /** The latents that data of kind nonlinear are made of; each list in the order of the spec. */
    latents: Type.Optional(
      Type.Object({
        names: Type.Array(Type.String()),
        lambda: Type.Array(finite),
        rho: Type.Array(finite),
        /** The share of the variance of x that goes with each. */
        loudness: Type.Array(finite),
        /** Positions by falling λ and by falling ρ, first come first among equals. */
        order: Type.Object({ lambda: Type.Array(Type.Integer()), rho: Type.Array(Type.Integer()) }),
      }),
    ),
  },
  { $id: 'Spectrum' },
)
export type SpectrumView = Static<typeof SpectrumView>
