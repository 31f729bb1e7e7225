import type { FieldFault } from '../../experiment/failure.ts'
import { lengthFaults, rounded } from '../checks.ts'
import type { Generator, NonlinearSpec } from './generator.ts'
import { redrawnUniforms } from './latent-law.ts'
import { drawScene, gratingOf, RANGES, SLOTS } from './scene.ts'

/**
 * Rendered images whose factors of variation are kept from one view to the other or drawn anew, as in weakly supervised
 * disentanglement (Locatello et al., ICML 2020). The latent of a factor has the factor's whole range as unit of standard deviation:
 *
 *   factor = centre + reach · z/√3,   z uniform of variance λ/ρ ≤ 1, the same in both views with probability ρ
 *
 * A factor's part of the pixels, however nonlinear, is shared with correlation ρ, and what k factors do together with the
 * product of their ρ. How loud it is in the pixels is measured (`loudness` of problem.ts), not asked for.
 */
type FactorsSpec = Extract<NonlinearSpec, { family: 'factors' }>

/** The generator of rendered scenes. */
export function factors({ factors: names, lambda, rho, size = 16, channels = 1 }: FactorsSpec): Generator {
  const grating = gratingOf(size)
  const centre = Float64Array.from(SLOTS, (name) => RANGES[name].centre)
  const slots = names.map((name) => SLOTS.indexOf(name))
  const unit = Float64Array.from(names, (name) => RANGES[name].reach / Math.sqrt(3))
  const m = names.length
  const d = size * size * channels
  return {
    names,
    law: redrawnUniforms(lambda, rho),
    shape: [size, size, channels],
    totalVariance: d,
    parameters: {
      centre: { shape: [SLOTS.length], data: centre },
      slots: { shape: [m], data: Float64Array.from(slots) },
      unit: { shape: [m], data: unit },
      sine: { shape: [size, size], data: grating.sine },
      cosine: { shape: [size, size], data: grating.cosine },
    },
    work: 4 * d,
    render(latents, rows) {
      const out = new Float64Array(rows * d)
      const values = centre.slice()
      for (let r = 0; r < rows; r++) {
        for (let i = 0; i < m; i++) {
          const slot = slots[i]!
          values[slot] = centre[slot]! + unit[i]! * latents[r * m + i]!
        }
        drawScene(values, grating, size, channels, out, r * d)
      }
      return out
    },
  }
}

/** The least radius of a shape, in pixels, that still says where it is and what. */
const LEAST_RADIUS = 1

/** A thousandth of a factor's range. */
const LEAST_VARIANCE = 1e-6

/** What the domain forbids of scenes. */
export function factorFaults({
  factors: names,
  lambda,
  rho,
  size = 16,
  channels = 1,
}: FactorsSpec): FieldFault[] {
  const lengths = lengthFaults({ factors: names, lambda, rho })
  if (lengths.length > 0) return lengths
  const faults: FieldFault[] = []
  const colour = names.indexOf('colour')
  if (colour >= 0 && channels === 1) {
    const message =
      'The factor colour needs 3 channels and the images have 1; set channels to 3, or leave it out.'
    faults.push({ pointer: `/data/factors/${colour}`, message })
  }
  for (const [i, name] of names.entries()) {
    const variance = lambda[i]! / rho[i]!
    if (variance < LEAST_VARIANCE) {
      const message = `The factor ${name} has variance λ/ρ = ${rounded(variance)}, which is lost in the images; give at least ${LEAST_VARIANCE}, or leave it out.`
      faults.push({ pointer: `/data/lambda/${i}`, message })
    }
    if (variance <= 1 + 1e-12) continue // rounding only
    const message = `The factor ${name} has variance λ/ρ = ${rounded(variance)}, and its whole range has variance 1; lower λ to ρ = ${rho[i]} or less.`
    faults.push({ pointer: `/data/lambda/${i}`, message })
  }
  const varied = names.indexOf('size')
  const { centre, reach } = RANGES.size
  const least = centre - (varied < 0 ? 0 : reach * Math.sqrt(Math.min(1, lambda[varied]! / rho[varied]!)))
  if (least * size < LEAST_RADIUS) {
    const message = `At ${size} × ${size} pixels the smallest shape has a radius of ${rounded(least * size)} pixels and is lost; use a size of at least ${Math.ceil(LEAST_RADIUS / least)}${varied < 0 ? '' : ', or vary the factor size less'}.`
    faults.push({ pointer: '/data/size', message })
  }
  return faults
}
