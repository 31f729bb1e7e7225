import { Worker } from 'node:worker_threads'

/**
 * Starts a thread of this room. Compiled, it is a file like any other. From source, tsx has to be registered inside it first:
 * Node does not hand the loader of the process on to its threads.
 *
 * @param name of its file here, without ending
 */
export function startThread(name: string, workerData: unknown): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL(`./${name}.js`, import.meta.url), { workerData })
  }
  const file = JSON.stringify(new URL(`./${name}.ts`, import.meta.url).href)
  const code = `import('tsx/esm/api').then(({ register }) => { register(); return import(${file}) })`
  return new Worker(code, { eval: true, execArgv: [], workerData })
}
