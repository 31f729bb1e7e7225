import assert from 'node:assert/strict'
import { it } from 'node:test'
import { drawComparison } from '../../src/report/comparison.ts'
import type { Drawing } from '../../src/report/curves.ts'
import { drawFigure } from '../../src/report/figure.ts'
import type { FinishedRun } from '../../src/report/finished-run.ts'
import { renderPng } from '../../src/report/png.ts'
import { buildReport } from '../../src/report/report.ts'
import { vegaLiteComparison, vegaLiteSpec } from '../../src/report/vega.ts'
import { exactRun, type Setting } from './exact-run.ts'

const inverted = { lambda: [1.12, 1.08, 1.04, 1], rho: [0.4, 0.5, 0.65, 0.9], scale: 1e-3, depth: 3 }
const jepa = drawingOf(exactRun({ ...inverted, objective: 'jepa', time: 3e4 }))
const mae = drawingOf(exactRun({ ...inverted, objective: 'mae', time: 70 }))

function drawingOf(run: FinishedRun): Drawing {
  return { id: run.id, spec: run.spec, ...buildReport(run) }
}

function drawnOf(setting: Partial<Setting>): string {
  return drawFigure(drawingOf(exactRun({ ...inverted, objective: 'mae', time: 70, ...setting })))
}

/** x of every text with this content. */
function placesOf(svg: string, label: string): number[] {
  return [...svg.matchAll(/<text x="([-\d.]+)"[^>]*>([^<]*)<\/text>/g)]
    .filter(([, , content]) => content === label)
    .map(([, x]) => Number(x))
}

it('a figure names objective, depth, ε, engine, order, job and fingerprint', () => {
  const svg = drawFigure(jepa)
  for (const words of [
    'JEPA, depth 3, ε = 0.001',
    'reference on cpu',
    'high ρ first, in the predicted order',
    jepa.id,
    'fingerprint 0123456789ab',
  ]) {
    assert.ok(svg.includes(words), words)
  }
  assert.ok(drawFigure(mae).includes('high λ first, in the predicted order'))
})

it('labels stand in the order of learning, which JEPA and MAE have opposite', () => {
  const labels = ['ρ 0.9', 'ρ 0.65', 'ρ 0.5', 'ρ 0.4']
  const places = (drawing: Drawing) => labels.map((label) => placesOf(drawFigure(drawing), label)[0]!)
  const rising = (values: number[]) => values.slice(1).every((x, k) => x > values[k]!)
  assert.ok(rising(places(jepa)), `${places(jepa)}`)
  assert.ok(rising(places(mae).reverse()), `${places(mae)}`)
})

it('labels of features learned close together do not overlap', () => {
  const close = drawnOf({ lambda: [1, 1.0001, 1.0002, 1.0003], rho: [0.9, 0.899, 0.898, 0.897] })
  const places = ['ρ 0.9', 'ρ 0.899', 'ρ 0.898', 'ρ 0.897'].flatMap((label) => placesOf(close, label))
  assert.equal(places.length, 4)
  const gaps = places
    .sort((a, b) => a - b)
    .slice(1)
    .map((x, k) => x - places[k]!)
  assert.ok(Math.min(...gaps) >= 60, `${gaps}`) // seven letters at size 15
})

it('measured and predicted marks lie on the same spot for an exact run', () => {
  const svg = drawFigure(jepa)
  const dots = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x)).slice(0, 4)
  const ticks = [...svg.matchAll(/<line x1="([\d.]+)" y1="[\d.]+" x2="\1"[^>]*stroke-width="2.2"/g)]
  const distances = dots.map((x, k) => Math.abs(x - Number(ticks[k]![1])))
  assert.ok(Math.max(...distances) <= 0.1, `${distances}`) // coordinates have one decimal
})

it('many features: eight are told apart, the rest are drawn thin and grey', () => {
  const rho = Array.from({ length: 40 }, (_, i) => 0.95 - 0.02 * i)
  const svg = drawnOf({ rho, lambda: rho })
  assert.equal([...svg.matchAll(/stroke="#b8bfc7"/g)].length, 32)
  assert.equal([...svg.matchAll(/font-weight="bold">ρ/g)].length, 8)
})

it('runs with nothing to show are drawn all the same', () => {
  const nothing = drawnOf({ lambda: [-1, 0], rho: [-0.5, 0] })
  assert.ok(nothing.includes('no feature learned'))
  assert.ok(nothing.includes('not learned: ρ −0.5, λ −1'))
  const short = drawnOf({ time: 1e-3 })
  assert.ok(short.includes('no feature learned'))
  const run = exactRun({ ...inverted, objective: 'mae', time: 70 })
  const first = <T>(values: readonly T[]) => values.slice(0, 1)
  const { time, step, loss, amplitudes } = run.measurements
  const onlyStart = {
    time: first(time),
    step: first(step),
    loss: first(loss),
    amplitudes: amplitudes.map(first),
    passages: amplitudes.map(() => ({ time: [], amplitude: [] })),
  }
  const twice = <T>(values: readonly T[]) => [values[0]!, values[0]!]
  const shortest = {
    ...onlyStart,
    time: [0, 5e-324], // the least double
    step: [0, 1],
    loss: twice(loss),
    amplitudes: amplitudes.map(twice),
  }
  const drawn = [onlyStart, shortest].map((measurements) => drawFigure(drawingOf({ ...run, measurements })))
  for (const svg of [nothing, short, ...drawn]) {
    assert.ok(!/NaN|Infinity|undefined/.test(svg))
    renderPng(svg, 0.2)
  }
})

it('text from a run cannot break out of the drawing', () => {
  const svg = drawComparison('<script>&"', [{ ...jepa, title: '</text><script>' }])
  assert.ok(!svg.includes('<script'))
  assert.ok(svg.includes('&lt;script&gt;&amp;&quot;'))
})

it('text that no XML may hold is drawn as a replacement, and the png with it', () => {
  for (const name of ['a\0b', '\ud800', '\uffff', '\u001b[31m']) {
    const svg = drawComparison(name, [{ ...jepa, title: name }])
    assert.ok(!svg.includes(name), JSON.stringify(name))
    assert.ok(svg.includes('\ufffd'))
    renderPng(svg, 0.2)
  }
})

it('a comparison has a panel for each run and one clip for each panel', () => {
  const svg = drawComparison('Both', [jepa, mae, jepa], 2)
  assert.equal(new Set([...svg.matchAll(/<clipPath id="([^"]+)"/g)].map(([, id]) => id)).size, 3)
  assert.match(svg, /^<svg [^>]*width="1280" height="1104"/)
})

it('a png has the size asked for and holds letters without any font of the system', () => {
  const bytes = renderPng(drawFigure(jepa), 1)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  assert.deepEqual([view.getUint32(16), view.getUint32(20)], [1200, 740])
  const words =
    '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><text y="20">ρ λ ε</text></svg>'
  const blank = words.replace('ρ λ ε', '')
  assert.ok(renderPng(words, 1).length > renderPng(blank, 1).length + 100)
})

it('the Vega-Lite form holds measured and predicted points and all critical times', () => {
  const spec = vegaLiteSpec(jepa) as {
    $schema: string
    layer: { data: { values: Record<string, number>[] } }[]
  }
  assert.match(spec.$schema, /vega-lite\/v6/)
  assert.deepEqual(JSON.parse(JSON.stringify(spec)), spec)
  const [measured, predicted, seen, expected] = spec.layer.map(({ data }) => data.values)
  assert.ok(measured!.length > 100 && predicted!.length === 4 * 600)
  const last = measured!.findLast(({ feature }) => String(feature).startsWith('3:'))!
  assert.ok(Math.abs(last.amplitude! - 0.9 ** 3) < 1e-9, `${last.amplitude}`) // converged
  assert.deepEqual(
    seen!.map(({ time }) => Math.round(time!)),
    expected!.map(({ time }) => Math.round(time!)),
  )
})

it('a Vega-Lite comparison names its schema once, at the top, where alone it may stand', () => {
  const spec = vegaLiteComparison('Both', [jepa, mae], 2) as { $schema: string; concat: object[] }
  assert.match(spec.$schema, /vega-lite/)
  assert.equal(spec.concat.length, 2)
  for (const view of spec.concat) {
    assert.deepEqual(Object.keys(view).sort(), ['encoding', 'height', 'layer', 'title', 'width'])
  }
})
