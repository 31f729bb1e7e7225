import type { Limits } from '../dispatch/admission.ts'
import type { SweepWork } from '../dispatch/sweep-course.ts'
import type { Compute } from './compute.ts'

/** The dispatch's work on sweeps, in a compute thread that reads the ledger's file itself. */
export function sweepWorkIn(bulk: Pick<Compute, 'run'>, ledger: string, limits: Limits): SweepWork {
  return {
    check: (spec, from, count) => bulk.run('sweepCheck', { spec, from, count, limits }),
    admit: (spec, points, from) => bulk.run('sweepAdmit', { spec, points, from, limits }),
    next: (id, spec) => bulk.run('sweepNext', { ledger, id, spec }),
    analyse: (id, spec) => bulk.run('sweepAnalyse', { ledger, id, spec }),
  }
}
