import { isLinear } from '../experiment/resolve.ts'
import { finding, headline, howTrained, provenance } from './caption.ts'
import { type Curves, curvesOf, type Drawing, type Traced, wholeRun } from './curves.ts'
import { stripsOf } from './nets/net-figure.ts'
import type { Strip } from './nets/strip.ts'
import { formatShort } from './ticks.ts'

/**
 * The figure as a Vega-Lite specification (versions 5 and 6) with its data inline, to restyle or to open in a
 * notebook: measured points and the predicted curve per feature, rules at the critical times. `amplitude` is
 * w̄ as it is, `share` is w̄ over the fixed point.
 */
export function vegaLiteSpec(drawing: Drawing): object {
  return { ...VEGA_LITE, ...viewOf(drawing), usermeta: metaOf(drawing) }
}

/** Several runs side by side as one Vega-Lite specification. @param columns views in a row */
export function vegaLiteComparison(
  title: string,
  drawings: readonly Drawing[],
  columns = Math.min(4, drawings.length),
): object {
  return {
    ...VEGA_LITE,
    title,
    columns,
    concat: drawings.map(viewOf),
    usermeta: { runs: drawings.map(metaOf) },
  }
}

export const VEGA_LITE = { $schema: 'https://vega.github.io/schema/vega-lite/v6.json' }

function metaOf({ id, spec, result }: Drawing): object {
  return { id, fingerprint: result.fingerprint, spec }
}

function viewOf(drawing: Drawing): object {
  const { id, spec, result } = drawing
  const title = {
    text: headline(spec),
    subtitle: [`${finding(result)}, ${howTrained(spec, result)}`, provenance(id, result)],
    anchor: 'start',
  }
  const view = { width: 900, height: 480, ...curveLayers(drawing) }
  if (isLinear(spec)) return { title, ...view }
  const { kind, from, to } = wholeRun(spec, drawing.trajectory.time)
  const x = { ...TIME, scale: { type: kind, domain: [from, to], nice: false } }
  return { title, vconcat: [view, ...stripsOf(drawing).map((strip) => stripView(strip, x))] }
}

function stripView({ title, points, kind }: Strip, x: object): object {
  const values = points.map(([time, value]) => ({ time, value }))
  const y = { field: 'value', type: 'quantitative', title, scale: { type: kind, zero: false } }
  return { width: 900, height: 90, data: { values }, mark: { type: 'line', clip: true }, encoding: { x, y } }
}

/** The layers of one view and their colours. */
export function curveLayers(drawing: Traced): { layer: object[]; encoding: object } {
  const curves = curvesOf(drawing)
  return { layer: layers(curves), encoding: { color: colourOf(curves) } }
}

function layers(curves: Curves): object[] {
  const { kind, from, to } = curves.window
  const x = { ...TIME, scale: { type: kind, domain: [from, to], nice: false } }
  const y = {
    field: 'share',
    type: 'quantitative',
    title: curves.axis,
    scale: { domainMin: 0 },
  }
  const line = (dashed: boolean) => ({
    type: 'line',
    clip: true,
    strokeWidth: dashed ? 1.5 : 5,
    ...(dashed ? { strokeDash: [7, 5] } : { opacity: 0.5 }),
  })
  const rule = (dashed: boolean) => ({ type: 'rule', clip: true, ...(dashed ? { strokeDash: [3, 3] } : {}) })
  const tooltip = ['feature', 'time', 'source'].map((field) => ({ field }))
  return [
    {
      data: { values: pointsOf(curves, 'measured') },
      mark: line(false),
      encoding: { x, y, order: { field: 'time' } },
    },
    {
      data: { values: pointsOf(curves, 'predicted') },
      mark: line(true),
      encoding: { x, y, order: { field: 'time' } },
    },
    { data: { values: timesOf(curves, 'measured') }, mark: rule(false), encoding: { x, tooltip } },
    { data: { values: timesOf(curves, 'predicted') }, mark: rule(true), encoding: { x, tooltip } },
    ...otherLayers(curves, x, y),
  ]
}

const TIME = { field: 'time', type: 'quantitative', title: 'flow time (learning rate × steps)' }

/** Accuracies of a net: each a dashed line of its own, in black. */
function otherLayers({ others = [] }: Curves, x: object, y: object): object[] {
  return others.map(({ name, points }, k) => ({
    data: { values: points.map(([time, share]) => ({ feature: name, time, share })) },
    mark: { type: 'line', clip: true, color: 'black', strokeDash: [8, 3 + 4 * k] },
    encoding: { x, y, color: { value: 'black' }, tooltip: [{ field: 'feature' }, { field: 'share' }] },
  }))
}

function colourOf({ features }: Curves): object {
  return {
    field: 'feature',
    type: 'nominal',
    title: 'feature',
    sort: null,
    scale: { domain: features.map(nameOf), range: features.map(({ colour }) => colour) },
  }
}

function pointsOf({ window, features }: Curves, source: 'measured' | 'predicted'): object[] {
  return features.flatMap((curve) => {
    const unit = curve.unit
    return curve[source]
      .filter(([time]) => time >= window.from && time <= window.to)
      .map(([time, share]) => ({ feature: nameOf(curve), source, time, share, amplitude: share * unit }))
  })
}

function timesOf({ features }: Curves, source: 'measured' | 'predicted'): object[] {
  return features.flatMap((curve) => {
    const time = curve.feature.criticalTime[source]
    return time === null ? [] : [{ feature: nameOf(curve), source, time }]
  })
}

function nameOf({ feature: { index, name, rho, lambda } }: Curves['features'][number]): string {
  return `${name ?? index}: ρ ${formatShort(rho)}, λ ${formatShort(lambda)}`
}
