import assert from 'node:assert/strict'
import { it } from 'node:test'
import { importsIn, namesIn, sourceFiles } from './source-files.ts'

/**
 * Who may import whom. A room is a folder of src, or a main or settings file beside them; a room that is
 * not in this table may not exist. A room may always import itself.
 */
const TRAINING = [
  'workers/models',
  'workers/objectives',
  'workers/dynamics',
  'workers/probes',
  'workers/engines',
  'src/experiment',
  'src/data',
  'src/artifacts',
]
const LAW: Readonly<Record<string, readonly string[]>> = {
  'src/experiment': [],
  'src/data': ['src/experiment', 'src/artifacts'],
  'src/theory': ['src/experiment', 'src/data'],
  'src/artifacts': ['src/experiment'],
  'src/ledger': ['src/experiment'],
  'src/queue': ['src/experiment'],
  'src/report': ['src/experiment', 'src/data', 'src/theory', 'src/artifacts'],
  'src/dispatch': [
    'src/experiment',
    'src/data',
    'src/theory',
    'src/artifacts',
    'src/report',
    'src/ledger',
    'src/queue',
  ],
  'src/settings.ts': ['src/experiment'],
  'src/api': [
    'src/experiment',
    'src/data',
    'src/theory',
    'src/artifacts',
    'src/report',
    'src/ledger',
    'src/queue',
    'src/dispatch',
    'src/settings.ts',
  ],
  'src/cli': ['src/experiment', 'src/settings.ts'],
  // The wiring of supervisor and trainer speaks the queue's words; the training itself knows no queue.
  workers: ['src/experiment', 'src/data', 'src/artifacts', 'src/queue', 'src/settings.ts'],
  'workers/run-cohort.ts': TRAINING,
  'workers/models': TRAINING,
  'workers/objectives': TRAINING,
  'workers/dynamics': TRAINING,
  'workers/probes': TRAINING,
  'workers/engines': TRAINING,
  'workers/engines/tensorflow/recorder': [], // stands alone, for whoever uses tfjs-node
  bench: ['src', 'workers'],
  examples: ['src', 'workers'],
  native: [],
}

/** The one door of each outside thing. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  '@tensorflow/tfjs-node-gpu': ['workers/engines/tensorflow'],
  bullmq: ['src/queue', 'workers/station.ts'],
  ioredis: ['src/queue'],
  libsql: ['src/ledger'],
  fastify: ['src/api'],
  '@resvg/resvg-js': ['src/report'],
  'hyparquet-writer': ['src/artifacts'],
  sharp: ['src/data/import'],
  citty: ['src/cli'],
}

/** Only mains read the environment's settings. */
const MAINS = ['src/api/server.ts', 'src/cli/', 'workers/supervisor.ts']

const files = sourceFiles('src', 'workers', 'native', 'bench', 'examples')

function lies(path: string, place: string): boolean {
  return path === place || path.startsWith(place.endsWith('/') ? place : `${place}/`)
}

function roomOf(path: string): string {
  const places = Object.keys(LAW).filter((place) => lies(path, place))
  const room = places.sort((a, b) => b.length - a.length)[0] // workers/models before workers
  assert.ok(room !== undefined, `${path} lies in no room of the table`)
  return room
}

it('the reader of imports sees every form of them', () => {
  const text = [
    "import a from 'a'",
    "import { b,\n  type B,\n} from 'b'",
    "import type { C } from 'c'",
    "import 'd'",
    "export { e } from 'e'",
    "  const f = await import('f')",
    "export const g = from('none')",
  ].join('\n')
  assert.deepEqual(importsIn(text), ['a', 'b', 'c', 'd', 'e', 'f'])
  assert.ok(files.length > 80, `only ${files.length} files were looked at`)
})

it('every folder and file of src is a room of the table', () => {
  for (const name of namesIn('src')) assert.ok(`src/${name}` in LAW, `src/${name} is no room`)
})

it('rooms import only what the table allows', () => {
  for (const { path, targets } of files) {
    const room = roomOf(path)
    const allowed = [room, ...LAW[room]!]
    for (const target of targets) {
      assert.ok(
        allowed.some((place) => lies(target, place)),
        `${path} imports ${target}; ${room} may import ${allowed.join(', ')}`,
      )
    }
  }
})

it('workers never import theory, and src never imports workers', () => {
  for (const { path, targets } of files) {
    for (const target of targets) {
      assert.ok(!(lies(path, 'workers') && lies(target, 'src/theory')), `${path} imports ${target}`)
      assert.ok(!(lies(path, 'src') && lies(target, 'workers')), `${path} imports ${target}`)
    }
  }
})

it('only mains read the settings; others may know their type', () => {
  for (const { path, text } of files) {
    if (!/^import (?!type\b)[^'"]*['"][./]+settings\.ts['"]/m.test(text)) continue
    assert.ok(
      MAINS.some((main) => path === main || (main.endsWith('/') && lies(path, main))),
      `${path} reads the settings`,
    )
  }
})

it('each outside thing has one door', () => {
  for (const { path, imports } of files) {
    for (const [thing, places] of Object.entries(DOORS)) {
      if (!imports.some((name) => name === thing || name.startsWith(`${thing}/`))) continue
      assert.ok(
        places.some((place) => lies(path, place)),
        `${path} imports ${thing}, whose door is ${places.join(', ')}`,
      )
    }
  }
})

it('the addon over the lanes kernels has one door', () => {
  const names = files.filter(({ path, text }) => !lies(path, 'native') && /\blanes\.node\b/.test(text))
  assert.deepEqual(
    names.map(({ path }) => path),
    ['workers/engines/lanes/native.ts'],
  )
})

it('imports form no cycle', () => {
  const graph = new Map(files.map(({ path, targets }) => [path, targets]))
  const state = new Map<string, 'open' | 'done'>()
  const trail: string[] = []
  const visit = (path: string) => {
    if (state.get(path) === 'done') return
    assert.ok(state.get(path) !== 'open', `cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`)
    state.set(path, 'open')
    trail.push(path)
    for (const target of graph.get(path) ?? []) visit(target)
    trail.pop()
    state.set(path, 'done')
  }
  for (const path of graph.keys()) visit(path)
})

it('no file is a barrel or has a default export', () => {
  for (const { path, text } of files) {
    assert.ok(!/(^|\/)index\.[a-z]+$/.test(path), `${path} is a barrel`)
    assert.ok(!/^export \* from/m.test(text), `${path} exports all of another file`)
    assert.ok(!/^export default\b/m.test(text), `${path} has a default export`)
  }
})

it('relative imports carry .ts, or .mjs among the scripts, and lead to a file', () => {
  const known = new Set(files.map(({ path }) => path))
  for (const { path, targets } of files) {
    for (const target of targets) {
      assert.ok(known.has(target), `${path} imports ${target}, which is no source file here`)
    }
  }
})
