import type { SweepSpec } from '../sweep.ts'

/** An experiment of the paper, or of docs/theory.md, ready to run. */
export interface Preset {
  readonly name: string
  readonly title: string
  /** What it checks, in one or two sentences. */
  readonly claim: string
  /** Where the claim is made. */
  readonly source: string
  readonly spec: SweepSpec
  /** The same question at the size of a GPU. */
  readonly full?: SweepSpec
  /** The kind of figure that shows it best; the sweep's first where it is left out. */
  readonly figure?: string
}

/** A preset whose sweeps carry its title and a tag to find them by. */
export function preset(parts: Preset): Preset {
  const { name, title, spec, full } = parts
  const named = (sweep: SweepSpec, size = ''): SweepSpec => ({
    ...sweep,
    name: `${title}${size}`,
    tags: [`preset:${name}`],
  })
  return { ...parts, spec: named(spec), ...(full !== undefined && { full: named(full, ', full size') }) }
}
