import assert from 'node:assert/strict'
import { it } from 'node:test'
import { namesIn, pathsBelow, readRoot, sourceFiles } from './source-files.ts'

const files = sourceFiles('src', 'workers', 'native')
const code = files.filter(({ path }) => /\.(ts|mjs|js|cc|h|cu)$/.test(path))

const LONGEST = 300 // lines
const FORBIDDEN = ['utils', 'helpers', 'services', 'managers', 'types', 'common', 'lib', 'misc', 'shared']

/** Mains, which may ask the machine for the time, chance and the environment. */
const MAINS = [
  /^src\/settings\.ts$/,
  /^src\/api\/server\.ts$/,
  /^src\/cli\//,
  /^workers\/(supervisor|trainer)\.ts$/,
  /^native\//,
  /^workers\/engines\/tensorflow\/load\.ts$/, // the library takes its threads and cards from the environment alone
]

it(`no file of src, workers or native is longer than ${LONGEST} lines`, () => {
  for (const { path, text } of code) {
    const lines = text.split('\n').length - 1
    assert.ok(lines <= LONGEST, `${path} has ${lines} lines`)
  }
})

it('files and folders of code are kebab-case', () => {
  for (const path of ['src', 'workers', 'test', 'bench', 'examples'].flatMap(pathsBelow)) {
    if (!/\.(ts|mjs|js)$/.test(path)) continue
    for (const part of path.split('/')) {
      assert.match(part, /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|cases|d))?(\.(ts|mjs|js))?$/, path)
    }
  }
})

it('no folder has a name that says nothing', () => {
  for (const path of ['src', 'workers', 'native', 'test', 'bench', 'examples'].flatMap(pathsBelow)) {
    const folders = path.split('/').slice(0, -1)
    for (const folder of folders) assert.ok(!FORBIDDEN.includes(folder), `${path}: ${folder}`)
  }
})

it('chance and time of day come from the mains alone', () => {
  for (const { path, text } of code) {
    if (MAINS.some((main) => main.test(path))) continue
    const found = text.match(/Math\.random|Date\.now|new Date\(\)|process\.env/)
    assert.ok(found === null, `${path} uses ${found?.[0]}`)
  }
})

it('every folder of tests mirrors a room', () => {
  const extra = [
    'golden',
    'fixtures',
    'house',
    'engines',
    'workers',
    'native',
    'end-to-end',
    'bench',
    'examples',
  ]
  const rooms = new Set([
    ...namesIn('src').map((name) => name.replace(/\.ts$/, '')),
    ...namesIn('workers'),
    ...extra,
  ])
  for (const path of pathsBelow('test')) {
    const [, folder, below] = path.split('/')
    if (below !== undefined) assert.ok(rooms.has(folder!), `${path} mirrors no room`)
  }
})

it('package.json and its lock name the same exact versions', () => {
  const manifest = JSON.parse(readRoot('package.json'))
  const lock = JSON.parse(readRoot('package-lock.json'))
  for (const kind of ['dependencies', 'devDependencies']) {
    assert.deepEqual(lock.packages[''][kind], manifest[kind], kind)
    for (const [name, version] of Object.entries(manifest[kind])) {
      assert.match(version as string, /^\d+\.\d+\.\d+/, `${name} is not exact`)
      assert.equal(lock.packages[`node_modules/${name}`]?.version, version, name)
    }
  }
})

it('the lock names no registry host, so that any mirror can serve it', () => {
  const { packages } = JSON.parse(readRoot('package-lock.json'))
  for (const [name, entry] of Object.entries<Record<string, unknown>>(packages)) {
    assert.equal(entry.resolved, undefined, `${name} is pinned to ${entry.resolved}`)
  }
})
