import { OBJECTIVE } from './batch.ts'
import { lanesHere, openLanes } from './native.ts'

// Run as a process of its own by `jepalab doctor`: opens every build of the kernels that this machine can run and
// prints what it found, one JSON object. `name` and `tiles` are those of the one that `openLanes()` takes.
try {
  const names = lanesHere().filter((name) => name !== 'cuda')
  const counts = names.map((name) => openLanes(name).weights(OBJECTIVE.mae, 2, 3, 4)) // 4·3 + 4·4 + 3·4
  const { name, tiles } = openLanes()
  console.log(JSON.stringify({ loads: counts.every((count) => count === 40), name, names, tiles }))
} catch (error) {
  console.log(JSON.stringify({ loads: false, why: (error as Error).message }))
  process.exitCode = 1
}
