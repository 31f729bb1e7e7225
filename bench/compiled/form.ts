/** A way to train a case in this process, as the forms of bench/contest/peers are. */
export interface Form {
  /** Back to the start, step 0. */
  start(): void
  /** Takes every run so many steps on. */
  advance(rate: number, steps: number): void
  /** [R][weights] */
  weights(): Float64Array
  close(): void
}

export type Forms = Readonly<Record<string, () => Form>>
