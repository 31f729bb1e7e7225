import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Dispatch } from '../dispatch/dispatch.ts'
import { JOB_STATES } from '../experiment/states.ts'

/** The numbers of /metrics: jobs by state, workers connected, and the process's own. */
export function createMetrics(dispatch: Dispatch): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'jepalab_api_' })
  const registers = [registry]
  new Gauge({
    name: 'jepalab_jobs',
    help: 'Jobs in the ledger by state',
    labelNames: ['state'],
    registers,
    collect() {
      const counts = dispatch.counts()
      for (const state of JOB_STATES) this.set({ state }, counts[state] ?? 0)
    },
  })
  new Gauge({
    name: 'jepalab_workers',
    help: 'Supervisors connected to the queue; -1 while Redis is away',
    registers,
    async collect() {
      this.set((await dispatch.readiness()).workers ?? -1)
    },
  })
  return registry
}
