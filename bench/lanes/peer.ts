import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { benchCache, PEERS } from './install.ts'
import { THREADS } from './machine.ts'

export type PeerName = 'torch' | 'jax' | 'diffrax'
export const PEER_TITLES: Readonly<Record<PeerName, string>> = {
  torch: 'PyTorch',
  jax: 'JAX',
  diffrax: 'diffrax',
}

/** A process of bench/lanes/peers/serve.py: one request at a time, one reply each. */
export class Peer {
  readonly name: PeerName
  versions: Readonly<Record<string, string>> = {}
  private readonly child: ChildProcess
  private readonly lines: AsyncIterator<string>
  private errors = ''

  private constructor(name: PeerName, python: string) {
    this.name = name
    const env = {
      ...process.env,
      OMP_NUM_THREADS: String(THREADS),
      TORCHINDUCTOR_CACHE_DIR: join(benchCache(), 'inductor'), // compiled forms are quick to have the second time
      PYTHONDONTWRITEBYTECODE: '1',
    }
    this.child = spawn(python, [join(PEERS, 'serve.py'), name], { env, stdio: ['pipe', 'pipe', 'pipe'] })
    this.child.stdin!.on('error', () => {}) // a peer that has ended is told by its missing reply
    this.child.stderr!.on('data', (text) => {
      this.errors = (this.errors + text).slice(-4000)
    })
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]()
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  static async start(name: PeerName, python: string): Promise<Peer> {
    const peer = new Peer(name, python)
    peer.versions = (await peer.reply()).versions as Record<string, string>
    return peer
  }

  /** @throws Error with the peer's sentence where it answers with one */
  async ask(request: {
    readonly do: string
    readonly [field: string]: unknown
  }): Promise<Record<string, unknown>> {
    this.child.stdin!.write(`${JSON.stringify(request)}\n`)
    const reply = await this.reply()
    if (typeof reply.error === 'string')
      throw new Error(`${PEER_TITLES[this.name]}: ${reply.error.slice(0, 400)}`)
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

  private async reply(): Promise<Record<string, unknown>> {
    const { value, done } = await this.lines.next()
    if (done) throw new Error(`${PEER_TITLES[this.name]} ended: ${this.errors.trim().slice(-1500)}`)
    return JSON.parse(value)
  }
}
