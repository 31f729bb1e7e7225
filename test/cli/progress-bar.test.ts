import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ProgressBar } from '../../src/cli/progress-bar.ts'

const screen = (isTTY: boolean) => ({
  isTTY,
  columns: 60,
  text: '',
  write(part: string) {
    this.text += part
  },
})
const at = (step: number) => ({
  state: 'running',
  progress: { step, steps: 20_000, fraction: step / 20_000, etaSeconds: 75 },
})

it('a terminal sees one line, redrawn and never wider than it', () => {
  const terminal = screen(true)
  const bar = new ProgressBar(terminal, 'rabc')
  bar.draw(at(0))
  bar.draw(at(10_000))
  bar.end()
  bar.end()
  const lines = terminal.text.split('\r\u001b[2K')
  assert.equal(lines.length, 3)
  assert.equal(terminal.text.split('\n').length, 2)
  assert.ok(lines[2]!.includes('█'.repeat(14)) && !lines[2]!.includes('█'.repeat(15)), lines[2])
  assert.ok(lines.every((line) => line.trimEnd().length < 60))
})

it('a file gets a plain line for each tenth of the way', () => {
  const file = screen(false)
  const bar = new ProgressBar(file, 'rabc')
  for (let step = 0; step < 20_000; step += 100) bar.draw(at(step))
  const lines = file.text.trimEnd().split('\n')
  assert.equal(lines.length, 10)
  assert.match(lines[5]!, /^rabc {2}running {3}50 % {2}step 10\.0k of 20\.0k {2}1 min 15 s left$/)
})
