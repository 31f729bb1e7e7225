import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Contestant, Reply, Request } from '../contest/hold.ts'
import { type Command, Peer } from '../contest/peer.ts'
import { HALVES } from './case.ts'

/** A way to place a contestant on the cores: one process for all runs, or one a core for half of them each. */
export interface Placing {
  /** Goes before the names of the forms. */
  readonly title: string
  readonly processes: 1 | 2
  /** @param core the only one of a process, null where it may use both */
  command(core: number | null): Command
}

interface Placed {
  readonly title: string
  readonly peers: readonly Peer[]
}

/** A contestant with its placings: their forms stand side by side, and two processes answer as one. */
export class Crew implements Contestant {
  readonly name: string
  readonly title: string
  private readonly placed: readonly Placed[]
  private readonly accepts: (form: string) => boolean

  private constructor(
    name: string,
    title: string,
    placed: readonly Placed[],
    accepts: (form: string) => boolean,
  ) {
    this.name = name
    this.title = title
    this.placed = placed
    this.accepts = accepts
  }

  static async start(
    name: string,
    title: string,
    placings: readonly Placing[],
    accepts: (form: string) => boolean = () => true,
  ): Promise<Crew> {
    const placed: Placed[] = []
    for (const { title, processes, command } of placings) {
      const cores = processes === 1 ? [null] : [0, 1]
      placed.push({ title, peers: await Promise.all(cores.map((core) => Peer.start(command(core)))) })
    }
    return new Crew(name, title, placed, accepts)
  }

  get versions(): Readonly<Record<string, string>> {
    return this.placed[0]!.peers[0]!.versions
  }

  async ask(request: Request): Promise<Reply> {
    if (request.do === 'open') return this.open(request.case as string)
    const [{ peers }, form] = this.find(request.form as string)
    const files = peers.map((_, k) => `${request.weights}.${k}`)
    const asked = peers.map((peer, k) =>
      peer.ask({ ...request, form, ...(request.do === 'train' ? { weights: files[k] } : {}) }),
    )
    // Both are heard to the end, so that neither still works when the next is asked.
    const replies = (await Promise.allSettled(asked)).map((one) => {
      if (one.status === 'rejected') throw one.reason
      return one.value
    })
    if (request.do === 'train') concatenate(files, request.weights as string)
    return replies.length === 1 ? replies[0]! : together(replies)
  }

  async close(): Promise<void> {
    await Promise.all(this.placed.flatMap(({ peers }) => peers).map((peer) => peer.close()))
  }

  private async open(path: string): Promise<Reply> {
    const forms: string[] = []
    for (const { title, peers } of this.placed) {
      const paths = peers.length === 1 ? [path] : HALVES.map((half) => join(dirname(path), half, 'case.json'))
      const replies = await Promise.all(peers.map((peer, k) => peer.ask({ do: 'open', case: paths[k] })))
      const names = (replies[0]!.forms as string[]).filter(this.accepts)
      forms.push(...names.map((name) => `${title}${name}`))
    }
    return { forms }
  }

  private find(form: string): [Placed, string] {
    const found = this.placed.findLast(({ title }) => form.startsWith(title))!
    return [found, form.slice(found.title.length)]
  }
}

/** Each trained its half of the runs at the same time: the steps of all, as if both had taken the mean of their rates. */
function together(replies: readonly Reply[]): Reply {
  if (replies[0]!.seconds === undefined) return {}
  const seconds = Math.max(...replies.map((one) => one.seconds as number))
  if (replies[0]!.steps === undefined) return { seconds }
  const rate = replies.reduce((sum, one) => sum + (one.steps as number) / (one.seconds as number), 0)
  return { steps: (rate * seconds) / replies.length, seconds }
}

function concatenate(files: readonly string[], into: string): void {
  writeFileSync(into, Buffer.concat(files.map((file) => readFileSync(file))))
}
