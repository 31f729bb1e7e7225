import { type Evidence, type Finding, nameOf, type Witness } from './evidence.ts'

/** Runs sorted by what a claim about every one of them finds. */
export interface Tally {
  readonly kept: readonly Witness[]
  readonly broken: readonly Witness[]
  readonly undecided: readonly Witness[]
}

/** Asks each run; null where it cannot say. */
export function ask(witnesses: readonly Witness[], question: (witness: Witness) => boolean | null): Tally {
  const tally = { kept: [] as Witness[], broken: [] as Witness[], undecided: [] as Witness[] }
  for (const witness of witnesses) {
    const answer = question(witness)
    if (answer === null) tally.undecided.push(witness)
    else if (answer) tally.kept.push(witness)
    else tally.broken.push(witness)
  }
  return tally
}

/** The share of the runs that could say, null for none. */
export function shareKept({ kept, broken }: Tally): number | null {
  const told = kept.length + broken.length
  return told === 0 ? null : kept.length / told
}

/**
 * What follows from parts that all have to hold: one that is contradicted refutes; one that is open, or a run without a
 * result, leaves the whole open.
 */
export function together(
  evidence: Evidence,
  parts: readonly (boolean | null)[],
  because: string,
  figures: Finding['figures'],
): Finding {
  const { missing, witnesses } = evidence
  const gaps =
    missing === 0 ? '' : ` ${missing} of ${missing + witnesses.length} runs have no result to judge by.`
  if (parts.includes(false)) return { holds: false, because: because + gaps, figures }
  const holds = parts.includes(null) || missing > 0 || parts.length === 0 ? null : true
  return { holds, because: because + gaps, figures }
}

/** Whether a tally holds as a whole. */
export function verdictOfTally({ kept, broken, undecided }: Tally): boolean | null {
  if (broken.length > 0) return false
  return undecided.length > 0 || kept.length === 0 ? null : true
}

/** `all 8 runs`, `the one run`, or `6 of 8 runs (not JEPA, depth 3; 1 cannot say)`. */
export function counted({ kept, broken, undecided }: Tally): string {
  const total = kept.length + broken.length + undecided.length
  if (total > 0 && kept.length === total) return total === 1 ? 'the one run' : `all ${total} runs`
  const against = broken.slice(0, 2).map(nameOf).join('; ')
  const notes = [
    broken.length === 0 ? [] : [`not ${against}${broken.length > 2 ? '; …' : ''}`],
    undecided.length === 0 ? [] : [`${undecided.length} cannot say`],
  ].flat()
  return `${kept.length} of ${total} runs${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`
}

/** Nothing was measured that the claim speaks of. */
export function undecided(because: string): Finding {
  return { holds: null, because, figures: [] }
}
