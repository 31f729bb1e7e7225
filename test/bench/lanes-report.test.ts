import assert from 'node:assert/strict'
import { it } from 'node:test'
import { drawChart } from '../../bench/lanes/chart.ts'
import { type Results, type RowResult, writeReport } from '../../bench/lanes/report.ts'
import { ROWS } from '../../bench/lanes/rows.ts'

const timing = (median: number) => ({ median, min: 0.9 * median, max: 1.1 * median })

/** A row whose best peer makes 100 run-steps a second; with no rate of int8x3, as earlier files have it. */
function measured(id: string, int8x3?: number): RowResult {
  return {
    row: ROWS.find((row) => row.id === id)!,
    contest: {
      ours: {
        compensated: timing(200),
        float32: timing(210),
        ...(int8x3 === undefined ? {} : { int8x3: timing(int8x3) }),
      },
      best: { torch: { form: 'bmm', ...timing(100) }, jax: { form: 'vmap', ...timing(50) } },
      forms: [],
      beside: { peak: timing(400) },
    },
    error: null,
    seconds: 1,
  }
}

function resultsOf(...rows: RowResult[]): Results {
  const machine = {
    cpu: 'a CPU',
    cores: 2,
    pinned: '0,1',
    node: 'v20',
    commit: 'abc',
    changed: false,
    date: '2026-01-01',
  }
  const protocol = { seconds: 1, repeats: 3 }
  return { machine, versions: {}, library: 'avx512', threads: 2, busyWithOthers: 0, protocol, rows }
}

const MARKS = '<!-- lanes: written by npm run bench -- --suite lanes -->\n<!-- /lanes -->'

/** The cells of the report's line that begins with a label, by the heads of its table. */
function cellsOf(text: string, label: string): Record<string, string> {
  const cells = (line: string) => line.split('|').map((cell) => cell.trim())
  const lines = text.split('\n')
  const at = lines.findIndex((line) => line.startsWith(`| ${label} |`))
  const head = lines.slice(0, at).findLast((line) => line.startsWith('|  |'))
  const values = cells(lines[at]!)
  return Object.fromEntries(cells(head!).map((name, k) => [name, values[k]!]))
}

it('int8x3 has a column and a ratio of its own, the other ratio stays that of compensated', () => {
  const text = writeReport(MARKS, resultsOf(measured('descent-256x64', 450)))
  const found = cellsOf(text, 'R = 256, d = 64')
  assert.equal(found['lanes (int8x3)'], '450 [405, 495]')
  assert.equal(found['ratio, int8x3'], '**4.5**')
  assert.equal(found.ratio, '**2.0**')
  assert.equal(found.PyTorch, '100 [90.0, 110] bmm')
  assert.equal(found['of peak'], '50 % (float32 53 %)')
})

it('a row without a rate of int8x3 is told with a dash, and rows of sgd have no such column', () => {
  const text = writeReport(MARKS, resultsOf(measured('descent-256x4'), measured('sgd-64')))
  const found = cellsOf(text, 'R = 256, d = 4')
  assert.deepEqual([found['lanes (int8x3)'], found['ratio, int8x3'], found.ratio], ['–', '–', '**2.0**'])
  assert.equal(found.target, '≥ 10')
  assert.ok(!('lanes (int8x3)' in cellsOf(text, 'B = 64')))
})

it('the chart names int8x3 where a row has it', () => {
  const without = drawChart(resultsOf(measured('descent-256x32'), measured('descent-256x64')))
  const within = drawChart(resultsOf(measured('descent-256x32'), measured('descent-256x64', 450)))
  assert.ok(!without.includes('int8x3'))
  assert.ok(within.includes('lanes, int8x3') && within.includes('×4.5'))
})
