import { run } from '../contest/install.ts'
import { THREADS } from '../contest/machine.ts'

/** FLOP/s of a loop of float32 multiply-adds in registers on all threads, over so many seconds. @param probe bench/lanes/probe.cc */
export async function measurePeak(probe: string, seconds: number): Promise<number> {
  return JSON.parse(await run(probe, ['peak', String(THREADS), String(seconds)])).float32 as number
}
