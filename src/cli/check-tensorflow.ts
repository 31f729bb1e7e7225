import { findGpus } from '../experiment/hardware.ts'
import type { Installation } from '../experiment/installation.ts'
import { askProbe } from './ask-probe.ts'
import type { Finding } from './finding.ts'

/** Whether TensorFlow was set up, loads, and on what it computes. */
export async function checkTensorFlow({ tensorflow, failures }: Installation): Promise<Finding> {
  const name = 'TensorFlow'
  if (tensorflow?.variant === 'off') {
    return { name, ok: true, says: 'off, as JEPALAB_TENSORFLOW says', facts: { variant: 'off' } }
  }
  const failure = failures.tensorflow ?? failures.binding
  if (tensorflow === null || failure) {
    const says = failure?.fact ?? 'not set up'
    return {
      name,
      ok: false,
      says,
      remedy: failure?.remedy ?? 'Run npm run setup.',
      facts: { variant: null },
    }
  }
  const probe = await askProbe<Probe>('tensorflow')
  const facts = { variant: tensorflow.variant, folder: tensorflow.folder, ...probe }
  if (!probe.loads)
    return { name, ok: false, says: probe.why ?? 'does not load', remedy: 'Run npm run setup.', facts }
  const says = `${probe.version}, ${tensorflow.variant} build, computes on ${probe.device}, ${probe.gpus} GPUs, ${kernelsOf(probe)}`
  return { name, ok: true, says, facts }
}

/** Without them nets are trained all the same. */
function kernelsOf({ kernels }: Probe): string {
  if (kernels?.instructionSet) return `net kernels ${kernels.instructionSet}`
  return `no net kernels: ${kernels?.why ?? 'they are not built'}`
}

interface Probe {
  readonly loads: boolean
  readonly version?: string
  readonly device?: string
  readonly gpus?: number
  readonly kernels?: { readonly instructionSet: string | null; readonly why: string | null }
  readonly why?: string
}

/** NVIDIA's driver and cards, and whether the TensorFlow that is here can use them. */
export function checkGpus({ tensorflow }: Installation): Finding {
  const { driver, names } = findGpus()
  const facts = { driver, gpus: names.length, names }
  if (driver === null)
    return { name: 'GPUs', ok: true, says: '0 GPUs, no NVIDIA driver: device cuda is refused', facts }
  const says = `${names.length} GPUs (${names.join(', ') || 'none'}), NVIDIA driver ${driver}`
  if (names.length === 0 || tensorflow?.variant !== 'cpu') return { name: 'GPUs', ok: true, says, facts }
  return { name: 'GPUs', ok: true, says, remedy: 'Set JEPALAB_TENSORFLOW=cuda to use them.', facts }
}
