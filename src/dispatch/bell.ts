/** Wakes all who wait for something that came after they last looked. */
export class Bell {
  #count = 0
  #waiting: (() => void)[] = []

  /** Rings so far; to be read before looking at what the bell tells of. */
  get count(): number {
    return this.#count
  }

  ring(): void {
    this.#count++
    const waiting = this.#waiting
    this.#waiting = []
    for (const wake of waiting) wake()
  }

  /** Until there have been more rings than `seen`. */
  async after(seen: number): Promise<void> {
    if (this.#count === seen) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
