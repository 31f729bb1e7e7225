import type { DataSpec } from '../experiment/data-spec.ts'
import { canonicalJson } from '../experiment/identity.ts'
import type { SpectrumView } from '../experiment/result-view.ts'

/** The spectrum of a data spec. `digest` is that of the file behind it, or null. */
export type SpectrumOf = (data: DataSpec, digest: string | null) => Promise<SpectrumView>

const KEPT = 64

/** Remembers the latest spectra, so that many experiments on one data set open it once. */
export function rememberSpectra(open: (data: DataSpec) => Promise<SpectrumView>): SpectrumOf {
  const known = new Map<string, Promise<SpectrumView>>()
  return (data, digest) => {
    const key = canonicalJson({ data, digest })
    const spectrum = known.get(key) ?? open(data)
    known.delete(key)
    known.set(key, spectrum) // the latest last
    spectrum.catch(() => known.delete(key))
    for (const oldest of known.keys()) if (known.size > KEPT) known.delete(oldest)
    return spectrum
  }
}
