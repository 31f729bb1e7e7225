import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join, relative } from 'node:path'
import { run } from '../setup/command.mjs'
import { hashOf } from '../setup/stamp.mjs'
import { textsOf } from './sources.mjs'

/**
 * Compiles C++ files on all cores and keeps the objects under the hash of all that decides them, so that only what
 * has changed is compiled again, and an interrupted build goes on.
 *
 * @param {{ home: string, objects: string, compiler: { program: string, version: string } }} shop
 * @param {{ file: string, flags: string[] }[]} tasks
 * @param {(done: number) => void} [onDone] called after each object
 * @returns {Promise<string[]>} the objects, in the order of the tasks
 */
export async function compileAll(shop, tasks, onDone = () => {}) {
  mkdirSync(shop.objects, { recursive: true })
  const objects = tasks.map((task) => objectOf(shop, task))
  const length = (index) => [...textsOf(shop.home, tasks[index].file).values()].join('').length
  const waiting = [...tasks.keys()]
    .filter((index) => !existsSync(objects[index]))
    .sort((a, b) => length(b) - length(a)) // what includes most takes longest and is not left for the end
  let done = tasks.length - waiting.length
  onDone(done)
  const work = async () => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
      try {
        objects[index] = await compile(shop, tasks[index], index)
      } catch (error) {
        waiting.length = 0 // one fault is enough to tell; the others end what they have begun
        throw error
      }
      onDone(++done)
    }
  }
  const outcomes = await Promise.allSettled(Array.from({ length: availableParallelism() }, work))
  const failed = outcomes.find(({ status }) => status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return objects
}

async function compile(shop, task, index) {
  const object = objectOf(shop, task)
  const draft = join(shop.objects, `draft-${index}.o`)
  await run(shop.compiler.program, [...task.flags, `-I${shop.home}`, '-c', task.file, '-o', draft])
  if (objectOf(shop, task) !== object) return draft // saved meanwhile: of use now, and not to be kept
  renameSync(draft, object)
  return object
}

function objectOf(shop, task) {
  return join(shop.objects, `${keyOf(shop, task)}.o`)
}

function keyOf({ home, compiler }, { file, flags }) {
  const texts = [...textsOf(home, file)].flatMap(([path, text]) => [relative(home, path), text])
  return hashOf(compiler.version, ...flags, '', ...texts).slice(0, 32)
}

/** Objects that the build just made has not asked for go, and drafts. */
export function keepOnly(folder, objects) {
  const wanted = new Set(objects.map((path) => basename(path)))
  for (const name of readdirSync(folder)) {
    if (!wanted.has(name) || name.startsWith('draft-')) rmSync(join(folder, name))
  }
}

/** A shared library or, without `-shared` among the flags, a program. */
export async function link({ compiler }, objects, flags, target) {
  const draft = `${target}.${process.pid}`
  await run(compiler.program, [...objects, ...flags, '-pthread', '-o', draft])
  renameSync(draft, target)
}
