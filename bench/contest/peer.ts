import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Contestant, Reply, Request } from './hold.ts'
import { benchCache, PEERS } from './install.ts'
import { THREADS } from './machine.ts'

/** How a contestant's process is started. */
export interface Command {
  readonly name: string
  readonly title: string
  readonly program: string
  readonly words: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** PyTorch, JAX or diffrax: bench/contest/peers/serve.py with the forms of a suite, `folder`. */
export function pythonPeer(
  name: 'torch' | 'jax' | 'diffrax',
  title: string,
  python: string,
  folder: string,
  threads: number = THREADS,
): Command {
  const words = [join(PEERS, 'serve.py'), name, '--forms', folder, '--threads', String(threads)]
  const environment = {
    OMP_NUM_THREADS: String(threads),
    TORCHINDUCTOR_CACHE_DIR: join(benchCache(), 'inductor'), // compiled forms are quick to have the second time
    PYTHONDONTWRITEBYTECODE: '1',
  }
  return { name, title, program: python, words, environment }
}

/** A process that answers the bench as bench/contest/peers/serve.py does: one request at a time, one reply each. */
export class Peer implements Contestant {
  readonly name: string
  readonly title: string
  versions: Readonly<Record<string, string>> = {}
  private readonly child: ChildProcess
  private readonly lines: AsyncIterator<string>
  private errors = ''

  private constructor({ name, title, program, words, environment }: Command) {
    this.name = name
    this.title = title
    const env = { ...process.env, ...environment }
    this.child = spawn(program, words, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    this.child.stdin!.on('error', () => {}) // a peer that has ended is told by its missing reply
    this.child.stderr!.on('data', (text) => {
      this.errors = (this.errors + text).slice(-4000)
    })
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]()
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  static async start(command: Command): Promise<Peer> {
    const peer = new Peer(command)
    peer.versions = (await peer.reply()).versions as Record<string, string>
    return peer
  }

  /** @throws Error with the peer's sentence where it answers with one */
  async ask(request: Request): Promise<Reply> {
    this.child.stdin!.write(`${JSON.stringify(request)}\n`)
    const reply = await this.reply()
    if (typeof reply.error === 'string') throw new Error(`${this.title}: ${reply.error.slice(0, 400)}`)
    return reply
  }

  async close(): Promise<void> {
    if (!this.isAlive) return
    const gone = once(this.child, 'exit')
    this.child.stdin!.end()
    const late = setTimeout(() => this.child.kill('SIGKILL'), 10_000)
    await gone
    clearTimeout(late)
  }

  private async reply(): Promise<Reply> {
    const { value, done } = await this.lines.next()
    if (done) throw new Error(`${this.title} ended: ${this.errors.trim().slice(-1500)}`)
    return JSON.parse(value)
  }
}
