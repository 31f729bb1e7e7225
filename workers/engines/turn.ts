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
