import { FAINT, GRID, INK } from './colours.ts'
import { type Curves, curvesOf, type FeatureCurves, type Traced } from './curves.ts'
import { spreadLabels } from './layout.ts'
import { linearScale, logScale, type Scale } from './scales.ts'
import { settle } from './settle.ts'
import { element, line, path, text, textWidth } from './svg.ts'
import { formatShort, formatTick } from './ticks.ts'

/** Where a panel lies on the page, its titles and axes included. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

interface Frame {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly time: Scale
  readonly share: Scale
}

const LABEL = 15 // size of the features' labels
const SMALL_LABEL = 12.5 // where those do not fit
const AXIS = 14
const ABOVE = 62 // room for two lines of labels and their leaders
const BARE = 20 // where there are no features to label
const BELOW = 56
const LEFT = 66
const RIGHT = 30
const HIGHEST = 1.3 // of the fixed point: what overshoots further leaves the frame

/**
 * One run in a box: measured (wide, pale) under predicted (thin, dashed) shares of the fixed point over
 * time, labels in the order of learning above, the critical times on the line at p.
 */
export function drawPanel(drawing: Traced, box: Box, clipId: string): string {
  const curves = curvesOf(drawing)
  const frame = frameOf(curves, box)
  const clip = element('clipPath', { id: clipId }, element('rect', { ...corners(frame, 3) }))
  const isNet = curves.others !== undefined
  const series = [...curves.features].reverse().map((feature) => drawSeries(feature, frame, isNet))
  const others = (curves.others ?? []).map((other, k) => drawOther(other, frame, k))
  return [
    clip,
    drawAxes(frame, drawing, curves),
    element('g', { 'clip-path': `url(#${clipId})` }, [...series, ...others].join('')),
    drawTimes(curves, frame, drawing.spec.measure.fraction),
    drawUnlearned(curves, frame),
  ].join('')
}

function frameOf({ window, features }: Curves, box: Box): Frame {
  const [left, right] = [box.x + LEFT, box.x + box.width - RIGHT]
  const [top, bottom] = [box.y + (features.length === 0 ? BARE : ABOVE), box.y + box.height - BELOW]
  const inside = features.flatMap(({ named, measured }) =>
    named ? measured.filter(([t]) => t >= window.from && t <= window.to).map(([, share]) => share) : [],
  )
  const highest = Math.min(HIGHEST, Math.max(1.06, 1.04 * Math.max(1, ...inside)))
  const scale = window.kind === 'log' ? logScale : linearScale
  return {
    left,
    right,
    top,
    bottom,
    time: scale(window.from, window.to, left, right),
    share: linearScale(0, highest, bottom, top),
  }
}

function corners({ left, right, top, bottom }: Frame, margin: number) {
  return {
    x: left - margin,
    y: top - margin,
    width: right - left + 2 * margin,
    height: bottom - top + 2 * margin,
  }
}

function drawAxes(frame: Frame, { spec }: Traced, { axis: title, features }: Curves): string {
  const { left, right, top, bottom, time, share } = frame
  const parts: string[] = []
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    const y = share.place(value)
    parts.push(line(left, y, right, y, { stroke: GRID, 'stroke-width': 1 }))
    parts.push(
      text(left - 9, y + AXIS * 0.36, String(value), {
        'font-size': AXIS,
        fill: FAINT,
        'text-anchor': 'end',
      }),
    )
  }
  for (const value of time.ticks(Math.max(4, Math.round((right - left) / 100)))) {
    const x = time.place(value)
    parts.push(line(x, bottom, x, bottom + 6, { stroke: FAINT, 'stroke-width': 1 }))
    parts.push(
      text(x, bottom + 22, formatTick(value), { 'font-size': AXIS, fill: FAINT, 'text-anchor': 'middle' }),
    )
  }
  const level = share.place(spec.measure.fraction)
  const logarithmic = time.kind === 'log' ? ', log axis' : ''
  if (features.length > 0)
    parts.push(
      line(left, level, right, level, { stroke: FAINT, 'stroke-width': 1, 'stroke-dasharray': '2 4' }),
    )
  parts.push(
    line(left, bottom, right, bottom, { stroke: FAINT, 'stroke-width': 1 }),
    text((left + right) / 2, bottom + 45, `flow time t = learning rate × steps${logarithmic}`, {
      'font-size': AXIS,
      fill: INK,
      'text-anchor': 'middle',
    }),
    text(0, 0, title, {
      'font-size': AXIS,
      fill: INK,
      'text-anchor': 'middle',
      transform: `translate(${Math.round(left - 48)} ${Math.round((top + bottom) / 2)}) rotate(-90)`,
    }),
  )
  return parts.join('')
}

function drawSeries(
  { colour, named, measured, predicted }: FeatureCurves,
  frame: Frame,
  isNet: boolean,
): string {
  const seen = onPage(isNet ? measured : settle(measured), frame)
  if (!named) return path(seen, { stroke: colour, 'stroke-width': 1, 'stroke-opacity': 0.45 })
  const smooth = { 'stroke-linejoin': 'round', 'stroke-linecap': 'round' } as const
  if (isNet) return path(seen, { stroke: colour, 'stroke-width': 2.8, ...smooth })
  return (
    path(seen, { stroke: colour, 'stroke-width': 5.5, 'stroke-opacity': 0.5, ...smooth }) +
    path(onPage(predicted, frame), { stroke: INK, 'stroke-width': 1.6, 'stroke-dasharray': '7 5' })
  )
}

const DASHES = ['', '8 5']

/** In ink, its name at its end, above all of the curve that is below it. */
function drawOther({ name, points }: Other, frame: Frame, k: number): string {
  const seen = onPage(points, frame)
  const [x] = seen.at(-1) ?? [frame.right]
  const begins = x - 8 - textWidth(name, SMALL_LABEL)
  const over = seen.flatMap(([at, height], i) => ((seen[i + 1]?.[0] ?? at) >= begins ? [height] : []))
  const y = Math.min(frame.bottom, ...over)
  const dashes = DASHES[k] ? { 'stroke-dasharray': DASHES[k] } : {}
  return (
    path(seen, { stroke: INK, 'stroke-width': 2, ...dashes }) +
    text(x - 8, y - 9, name, { 'font-size': SMALL_LABEL, fill: INK, 'text-anchor': 'end' })
  )
}

type Other = NonNullable<Curves['others']>[number]

/** Page coordinates of what lies in the window and one point beyond either end, without repeats. */
function onPage(points: readonly (readonly [number, number])[], { time, share }: Frame): [number, number][] {
  const first = Math.max(0, points.findIndex(([t]) => t >= time.from) - 1)
  const beyond = points.findIndex(([t]) => t > time.to)
  const page: [number, number][] = []
  for (const [t, value] of points.slice(first, beyond < 0 ? undefined : beyond + 1)) {
    const [x, y] = [time.place(t), share.place(Math.min(value, 2 * HIGHEST))]
    const last = page.at(-1)
    if (last === undefined || Math.hypot(x - last[0], y - last[1]) >= 0.3) page.push([x, y])
  }
  return page
}

/** Marks on the line at p and the labels above, in the order of learning. */
function drawTimes({ features, others }: Curves, frame: Frame, fraction: number): string {
  const isNet = others !== undefined
  const level = frame.share.place(fraction)
  const marked = features
    .filter(({ named, feature }) => named && feature.criticalTime.measured !== null)
    .map((curve) => ({
      ...curve,
      x: insideFrame(frame, curve.feature.criticalTime.measured!),
      y: isNet && curve.feature.criticalTime.measured === 0 ? frame.share.place(startOf(curve)) : level,
    }))
    .sort((a, b) => a.feature.criticalTime.measured! - b.feature.criticalTime.measured!)
  const marks = marked.map(({ feature, colour, x, y }) => {
    const { predicted } = feature.criticalTime
    const tick = predicted === null ? '' : predictedTick(insideFrame(frame, predicted), level)
    const dot = { r: 5.5, fill: colour, stroke: '#ffffff', 'stroke-width': 1.5 }
    return tick + element('circle', { cx: x, cy: y, ...dot })
  })
  return drawLabels(marked, frame) + marks.join('')
}

function predictedTick(x: number, level: number): string {
  return line(x, level - 13, x, level + 13, { stroke: INK, 'stroke-width': 2.2 })
}

function insideFrame({ left, right, time }: Frame, t: number): number {
  return Math.min(right, Math.max(left, time.place(t)))
}

/** Where a net's feature that is there from the start begins. */
function startOf({ measured }: FeatureCurves): number {
  return Math.min(1, measured[0]?.[1] ?? 0)
}

type Marked = FeatureCurves & { readonly x: number; readonly y: number }

function drawLabels(marked: readonly Marked[], { left, right, top }: Frame): string {
  const space = right + RIGHT - (left - LEFT / 2)
  const widthAt = (size: number) =>
    Math.max(0, ...marked.flatMap(labelLines).map((label) => textWidth(label, size, true))) + 9
  const size = widthAt(LABEL) * marked.length <= space ? LABEL : SMALL_LABEL
  const width = widthAt(size)
  const stride = Math.ceil(marked.length / Math.max(1, Math.floor(space / width)))
  const labelled = marked.filter((_, k) => k % stride === 0)
  const centres = spreadLabels(
    labelled.map(({ x }) => x),
    width,
    left - LEFT / 2,
    right + RIGHT,
  )
  return labelled
    .map((curve, k) => {
      const [first, second] = labelLines(curve)
      const centre = centres[k]!
      const type = { 'font-size': size, fill: curve.colour, 'text-anchor': 'middle', 'font-weight': 'bold' }
      return [
        path(
          [
            [centre, top - 20],
            [curve.x, top - 4],
            [curve.x, curve.y],
          ],
          {
            stroke: curve.colour,
            'stroke-width': 1,
            'stroke-opacity': 0.55,
          },
        ),
        text(centre, top - 43, first, type),
        text(centre, top - 25, second, type),
      ].join('')
    })
    .join('')
}

const NUMBERED = /^z\d+$/ // a name that says no more than the place

function labelLines({ feature }: FeatureCurves): [string, string] {
  const [rho, lambda] = [`ρ ${formatShort(feature.rho)}`, `λ ${formatShort(feature.lambda)}`]
  return feature.name === undefined || NUMBERED.test(feature.name)
    ? [rho, lambda]
    : [feature.name, `${rho} ${lambda}`]
}

const MOST_LABELLED = 8 // where there are more features the caption counts those that were not learned

/** Features that did not reach p in this run: named at the right end, above their curves. */
function drawUnlearned({ features, window }: Curves, { right, share }: Frame): string {
  if (features.length > MOST_LABELLED) return ''
  const unlearned = features.filter(({ feature }) => feature.criticalTime.measured === null)
  const named = unlearned.filter((curve) => curve.named).slice(0, 3)
  const lines = named.map((curve) => ({
    label: `not learned: ${labelLines(curve).join(', ')}`,
    colour: curve.colour,
  }))
  const others = unlearned.length - named.length
  if (others > 0)
    lines.push({ label: `${others}${named.length > 0 ? ' more' : ''} not learned`, colour: FAINT })
  const late = window.from + 0.7 * (window.to - window.from)
  const shares = unlearned.flatMap(({ measured }) =>
    measured.filter(([t]) => t > late && t <= window.to).map(([, value]) => value),
  )
  const foot = share.place(Math.min(0.7, Math.max(0, ...shares))) - 14
  return lines
    .map(({ label, colour }, k) =>
      text(right - 8, foot - 19 * (lines.length - 1 - k), label, {
        'font-size': LABEL - 1,
        fill: colour,
        'text-anchor': 'end',
      }),
    )
    .join('')
}
