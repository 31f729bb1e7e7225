import { createHash } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { createServer } from 'node:net'

/**
 * Holds a folder for one process of this machine. The lock is an abstract unix socket: the kernel frees it when
 * its process ends, however it ends, so that there is no stale lock to judge. It guards against wasted work;
 * what is written is safe without it, since every step ends with an atomic rename.
 */
export async function lockFolder(folder, onWait) {
  if (process.platform !== 'linux') return { release: async () => {} } // abstract sockets are Linux's own
  const name = `\0jepalab-setup-${createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 32)}`
  for (let waited = false; ; waited = true) {
    const server = await listen(name)
    if (server !== null) return { release: () => new Promise((resolve) => server.close(resolve)) }
    if (!waited) onWait()
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

/** The server that holds the name, or null where another process does. */
function listen(name) {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)))
    server.listen(name, () => resolve(server))
  })
}
