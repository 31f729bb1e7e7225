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
  /** The kind of figure that shows it best; the sweep's first where it is left out. */
  readonly figure?: string
}

/** A preset whose sweep carries its title and a tag to find it by. */
export function preset(parts: Preset): Preset {
  const { name, title, spec } = parts
  return { ...parts, spec: { ...spec, name: title, tags: [`preset:${name}`] } }
}
