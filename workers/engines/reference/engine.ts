import { stepwise } from '../stepwise.ts'
import { DescentTraining } from './descent-training.ts'
import { FlowTraining } from './flow-training.ts'

/** Float64 and plain loops: the yardstick of the other engines, there on every machine. One update a stride. */
export const referenceEngine = stepwise(
  {
    name: 'reference',
    device: 'cpu',
    versions: { node: process.versions.node },
    precision: () => 'float64',
  },
  (plan) =>
    plan.training.mode === 'flow' ? new FlowTraining(plan) : new DescentTraining(plan, plan.training),
)
