import { describe } from 'node:test'
import { referenceEngine } from '../../workers/engines/reference/engine.ts'
import { descents } from './descent.cases.ts'
import { drawsOfOneLaw } from './draws.cases.ts'
import { goldenDescents } from './golden.cases.ts'

describe('reference', () => {
  goldenDescents(referenceEngine, 1e-10) // rounding over 1,000 steps in float64
  descents(referenceEngine, 1e-12) // rounding over a few steps
  drawsOfOneLaw(referenceEngine)
})
