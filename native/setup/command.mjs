import { spawn, spawnSync } from 'node:child_process'

/** Children under way, so that an interrupt ends them too. */
const running = new Set()

/** Runs a program to its end. @returns its output; a failure throws with the last lines of it. */
export function run(program, args, options = {}) {
  const [first, ...rest] = [...guard(), program, ...args]
  return new Promise((resolve, reject) => {
    // A process group of its own, so that an interrupt ends what the child has started as well.
    const child = spawn(first, rest, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    running.add(child)
    let output = ''
    const keep = (chunk) => {
      output = (output + chunk).slice(-200_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', (error) => {
      running.delete(child)
      reject(error)
    })
    child.on('close', (code, signal) => {
      running.delete(child)
      if (code === 0) resolve(output)
      else reject(new CommandFailed(`${program} ended with ${signal ?? code}`, output))
    })
  })
}

let guarded

/** With pdeathsig a child also ends when the set-up is killed outright: no stray npm works on beside the next one. */
function guard() {
  const words = ['setpriv', '--pdeathsig', 'KILL', '--']
  guarded ??= spawnSync(words[0], [...words.slice(1), 'true']).status === 0 // busybox has a setpriv without it
  return guarded ? words : []
}

/** A program that ended with a fault; `output` holds what it printed. */
export class CommandFailed extends Error {
  constructor(message, output) {
    super(`${message}\n${output.trimEnd().split('\n').slice(-15).join('\n')}`)
    this.name = 'CommandFailed'
    this.output = output
  }
}

/** Until the returned function is called: SIGINT, SIGTERM and SIGHUP end the children, then this process. */
export function endOnSignals() {
  const handlers = Object.entries({ SIGINT: 2, SIGTERM: 15, SIGHUP: 1 }).map(([signal, number]) => {
    const end = () => {
      for (const child of running) if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      process.stderr.write('\nInterrupted. Run the same command again; it goes on from here.\n')
      process.exit(128 + number)
    }
    process.once(signal, end)
    return { signal, end }
  })
  return () => {
    for (const { signal, end } of handlers) process.off(signal, end)
  }
}
