import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { WishartFactors } from '../../src/data/wishart.ts'
import { repositoryRoot } from '../../src/experiment/repository.ts'
import { compiler, hasCompiler } from './lanes-trial.ts'

const home = join(repositoryRoot(), 'native/lanes')
const { instructionSets, KERNEL_FLAGS } = await import(pathToFileURL(join(home, 'instruction-sets.mjs')).href)
const cpu = readFileSync('/proc/cpuinfo', 'utf8')
/** What this CPU runs, slowest first. */
const sets: { name: string; flags: string[] }[] = instructionSets().filter(({ name }: { name: string }) =>
  name === 'avx512'
    ? /avx512dq/.test(cpu) && /avx512vl/.test(cpu)
    : name === 'avx2'
      ? /\bavx2\b/.test(cpu)
      : true,
)

interface Case {
  readonly d: number
  readonly rows: number
  readonly seed: number
  readonly step: number
  readonly runs: number
}
/** Every remainder of a vector, seeds and steps beyond 32 bits, χ of one degree and of a million, and many second tries. */
const cases: readonly Case[] = [
  { d: 1, rows: 1, seed: 3, step: 0, runs: 40 },
  { d: 2, rows: 2, seed: 2 ** 32 - 3, step: 2 ** 32 - 20, runs: 300 },
  { d: 3, rows: 1_000_000, seed: 0, step: 4, runs: 17 },
  { d: 7, rows: 9, seed: 5_000_000_000, step: 2 ** 40, runs: 33 },
  { d: 16, rows: 64, seed: 2 ** 53 - 40, step: 2 ** 53 - 300, runs: 33 },
  { d: 33, rows: 40, seed: 1, step: 1, runs: 5 },
]

describe('the draws of the lanes kernels', { skip: hasCompiler ? false : 'no C++ compiler here' }, () => {
  const room = mkdtempSync(join(tmpdir(), 'jepalab-random-'))
  before(async () => {
    const source = join(home, 'random/check/main.cc')
    const build = ({ name, flags }: (typeof sets)[number]) =>
      promisify(execFile)(compiler, [...KERNEL_FLAGS, ...flags, `-I${home}`, source, '-o', join(room, name)])
    await Promise.all(sets.map(build))
  })
  after(() => rmSync(room, { recursive: true, force: true }))

  /** The text of A and G, a line for each run. */
  const print = (set: string, real: string, layout: string, { d, rows, seed, step, runs }: Case) =>
    execFileSync(join(room, set), ['print', real, layout, ...[d, rows, seed, step, runs].map(String)], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    })

  it('has a case for this CPU besides the portable one, or says so', (test) => {
    if (sets.length === 1) test.diagnostic('this CPU has neither AVX2 nor AVX-512')
    assert.equal(sets[0]?.name, 'portable')
  })

  for (const real of ['double', 'float']) {
    it(`${real}: bits are equal on ${sets.map(({ name }) => name).join(', ')} and in both layouts`, () => {
      for (const at of cases) {
        const wanted = print('portable', real, 'matrix', at)
        assert.equal(wanted.trim().split('\n').length, at.runs)
        for (const { name } of sets) {
          for (const layout of ['lanes', 'matrix']) {
            assert.ok(print(name, real, layout, at) === wanted, `${name}, ${layout}, ${JSON.stringify(at)}`)
          }
        }
      }
    })
  }

  const braids = sets.some(({ name }) => name === 'avx512') ? false : 'this CPU has no AVX-512'
  it("braids leave a triangle's zeros out only where no bit changes", { skip: braids }, () => {
    const lines = execFileSync(join(room, 'avx512'), ['triangles'], { encoding: 'utf8' }).trim().split('\n')
    const found = lines.map((line) => line.split(' '))
    const [usual, underflowing, infinite] = found.map(([, sure]) => Number(sure))
    assert.deepEqual(
      found.map(([, , , wrong]) => wrong),
      ['0', '0', '0'],
    )
    assert.equal(usual, 200)
    assert.ok(
      underflowing! > 0 && underflowing! < 200,
      `${underflowing} of 200 are sure where sums underflow`,
    )
    assert.equal(infinite, 0)
  })

  it('float64 has the bits of the reference engine, float32 is within its own rounding of them', () => {
    const fastest = sets.at(-1)!.name
    let largest = 0
    for (const at of cases) {
      const [double, float] = ['double', 'float'].map((real) => rowsOf(print(fastest, real, 'lanes', at)))
      const factors = new WishartFactors(at.d)
      for (let run = 0; run < at.runs; run++) {
        factors.draw(at.seed + run, at.step + 7 * run, at.rows)
        const wanted = [...factors.A.data, ...factors.G.data]
        assert.deepEqual(double![run], wanted, `run ${run} of ${JSON.stringify(at)}`)
        for (const [i, x] of wanted.entries()) {
          largest = Math.max(largest, Math.abs(float![run]![i]! - x) / Math.max(1, Math.abs(x)))
        }
      }
    }
    // Eight roundings of 6e-8 at most; a χ that took another try, or a wrong series, is off by far more.
    assert.ok(largest < 5e-7, `float32 is off by ${largest}`)
    assert.ok(largest > 1e-9, `float32 is off by ${largest} only: it is not float32`)
  })
})

function rowsOf(text: string): number[][] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' ').map(parseHex))
}

/** C's %a: 0x1.8p+3 is 12. */
function parseHex(text: string): number {
  const [, sign, whole, fraction = '', power] = /^(-?)0x([01])(?:\.([0-9a-f]+))?p([+-]\d+)$/.exec(text) ?? []
  assert.ok(power !== undefined, `${text} is no number`)
  const size = Number.parseInt(`${whole}${fraction}`, 16) * 2 ** (Number(power) - 4 * fraction.length)
  return sign === '-' ? -size : size
}
