import assert from 'node:assert/strict'
import { it } from 'node:test'
import { buildReport } from '../../src/report/report.ts'
import { criticalTime } from '../../src/theory/critical-times.ts'
import { greedyIndex } from '../../src/theory/order.ts'
import { exactRun, type Setting } from './exact-run.ts'

const inversion = { lambda: [1.12, 1.08, 1.04, 1], rho: [0.4, 0.5, 0.65, 0.9], scale: 1e-4 }

for (const objective of ['jepa', 'mae'] as const) {
  for (const depth of [1, 2, 3, 4]) {
    for (const fraction of [0.1, 0.5, 0.9]) {
      it(`the measured time of an exact ${objective} run of depth ${depth} is t*(${fraction})`, () => {
        const slowest = criticalTime(objective, { depth, lambda: 1, rho: 0.4, scale: 1e-4, fraction: 0.99 })
        const setting: Setting = { ...inversion, objective, depth, fraction, time: 1.5 * slowest }
        for (const { criticalTime } of buildReport(exactRun(setting)).result.features) {
          const { measured, predicted } = criticalTime
          const error = Math.abs(measured! / predicted! - 1)
          // 40 rungs a decade, four neighbours; measured: see docs/results.md
          assert.ok(error < 1e-5, `measured ${measured}, exact ${predicted}: ${error}`)
        }
      })
    }
  }
}
