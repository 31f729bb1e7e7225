import type { Installation } from '../experiment/installation.ts'
import { askProbe } from './ask-probe.ts'
import type { Finding } from './finding.ts'

/** Instruction sets in the words of their makers. */
const WORDS: Readonly<Record<string, string>> = { portable: 'portable', avx2: 'AVX2', avx512: 'AVX-512' }

/** Whether the lanes kernels were built and load, for which instruction sets of this CPU, and whether it has tiles. */
export async function checkLanes({ lanes, failures }: Installation): Promise<Finding> {
  const name = 'lanes'
  if (lanes === null) {
    const { fact = 'not built', remedy = 'Run npm run setup.' } = failures.lanes ?? {}
    return { name, ok: false, says: fact, remedy, facts: { instructionSet: null, tiles: null } }
  }
  const probe = await askProbe<Probe>('lanes')
  const { folder, compiler } = lanes
  if (!probe.loads) {
    const says = probe.why ?? 'loads, but counts wrongly'
    const facts = { instructionSet: null, tiles: null, folder, compiler }
    return { name, ok: false, says, remedy: 'Run npm run setup.', facts }
  }
  const others = probe.names.filter((other) => other !== probe.name).map(wordFor)
  const also = others.length === 0 ? '' : ` (also ${others.join(', ')})`
  const { name: instructionSet, names: instructionSets, tiles } = probe
  const facts = { instructionSet, instructionSets, tiles, folder, compiler }
  const whole = tiles ? 'with tiles' : 'without tiles (int8x3 is slower than compensated)'
  return { name, ok: true, says: `${wordFor(instructionSet)}${also} ${whole}, built by ${compiler}`, facts }
}

interface Probe {
  readonly loads: true
  readonly name: string
  readonly names: readonly string[]
  readonly tiles: boolean
}

function wordFor(name: string): string {
  return WORDS[name] ?? name
}
