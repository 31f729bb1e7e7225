const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Waits for the signal to end and names it. A second one ends the process at once, as it would without us. */
export function untilSignal(): Promise<string> {
  return new Promise((resolve) => {
    const hear = (signal: string) => {
      for (const each of SIGNALS) process.off(each, hear)
      resolve(signal)
    }
    for (const each of SIGNALS) process.on(each, hear)
  })
}
