const PAUSE_MS = 20

/** Waits for what goes before a run; one that is aborted meanwhile ends at once. @throws the signal's reason */
export function itsTurn(before: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
    void before.finally(() => signal.removeEventListener('abort', abort)).then(() => resolve(), reject)
  })
}

/** Runs that are trained one after the other: what becomes of one is nothing to the next. */
export function oneByOne<Run extends { readonly signal: AbortSignal }, End>(
  runs: readonly Run[],
  train: (run: Run) => Promise<End>,
): Promise<End>[] {
  let turn: Promise<unknown> = Promise.resolve()
  return runs.map((run) => {
    const end = itsTurn(turn, run.signal).then(() => train(run))
    // Whoever asked for that run hears what became of it; the next one's turn comes in any case.
    turn = Promise.allSettled([turn, end]).then(() => {})
    return end
  })
}

/** Makes something of each item in order, with pauses in which the event loop has its turn. */
export async function inPauses<In, Out>(items: Iterable<In>, make: (item: In) => Out): Promise<Out[]> {
  const made: Out[] = []
  let paused = performance.now()
  for (const item of items) {
    if (performance.now() - paused > PAUSE_MS) {
      await new Promise((resolve) => setImmediate(resolve))
      paused = performance.now()
    }
    made.push(make(item))
  }
  return made
}
