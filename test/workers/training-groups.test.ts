import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { CohortRun } from '../../src/queue/cohort-job.ts'
import { TrainingGroups } from '../../workers/training-groups.ts'

const runs = (count: number) =>
  Array.from({ length: count }, (_, r) => ({ id: `r${r}`, attempt: 1, crashes: 0 }) as CohortRun)

/** Trains groups of runs, of which some crash whatever child has them. @returns crashes with others and alone, by run */
function trainAll(groups: TrainingGroups, isBad: (run: CohortRun) => boolean) {
  const ended = new Set<string>()
  const [together, alone] = [new Map<string, number>(), new Map<string, number>()]
  let children = 0
  for (;;) {
    const group = groups.take(({ id }) => !ended.has(id))
    if (group === null) return { ended, together, alone, children }
    children++
    if (!group.some(isBad)) {
      for (const { id } of group) ended.add(id)
      continue
    }
    const table = group.length === 1 ? alone : together
    for (const { id } of group) table.set(id, (table.get(id) ?? 0) + 1)
    if (group.length === 1 && alone.get(group[0]?.id ?? '') === 4) ended.add(group[0]?.id ?? '')
    groups.putBackHalved(group)
  }
}

it('without a crash all runs are trained together', () => {
  assert.equal(trainAll(new TrainingGroups(runs(512), 0), () => false).children, 1)
})

it('the run of 512 that crashes its child is alone with it after nine crashes, and no neighbour ever is', () => {
  for (const bad of ['r0', 'r300', 'r511']) {
    const { ended, alone, children } = trainAll(new TrainingGroups(runs(512), 0), ({ id }) => id === bad)
    assert.equal(ended.size, 512)
    assert.deepEqual([...alone], [[bad, 4]])
    assert.equal(children, 9 + 4 + 9, `${children} children`) // halves down to one, its restarts, the other halves
  }
})

it('several that crash are found one after the other', () => {
  const bad = new Set(['r3', 'r4', 'r90'])
  const { ended, alone } = trainAll(new TrainingGroups(runs(100), 0), ({ id }) => bad.has(id))
  assert.equal(ended.size, 100)
  assert.deepEqual(new Set(alone.keys()), bad)
})

it('each worker that was lost halves what is trained together, down to one', () => {
  const sizes = (losses: number) => {
    const groups = new TrainingGroups(runs(10), losses)
    const all: number[] = []
    for (let group = groups.take(() => true); group !== null; group = groups.take(() => true))
      all.push(group.length)
    return all
  }
  assert.deepEqual([sizes(0), sizes(1), sizes(2)], [[10], [5, 5], [3, 3, 3, 1]])
  assert.deepEqual(sizes(40), Array(10).fill(1))
})
