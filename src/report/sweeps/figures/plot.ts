/**
 * A figure of a sweep before it has a form: panels with axes and layers of marks, in the numbers of the axes. SVG and
 * Vega-Lite are both made from it, so that they show the same. Measured is drawn full, theory thin and dashed.
 */
export interface Plot {
  /** What is drawn, in words. */
  readonly subject: string
  readonly columns: number
  readonly panels: readonly PlotPanel[]
  /** What the colours stand for. */
  readonly legend: readonly LegendEntry[]
  readonly signs: readonly Sign[]
  /** What the caption must say of the drawing: what was left out, what an interval is. */
  readonly notes: readonly string[]
}

export interface PlotPanel {
  readonly title: string
  readonly x: PlotAxis
  readonly y: PlotAxis
  readonly layers: readonly Layer[]
}

export interface PlotAxis {
  readonly title: string
  readonly kind: 'log' | 'linear'
  /** The end at the left or at the bottom; on a linear axis it may be the larger one. */
  readonly from: number
  readonly to: number
  /** Marks with labels of their own; round numbers where they are left out. */
  readonly ticks?: readonly { readonly at: number; readonly label: string }[]
}

export type Place = readonly [x: number, y: number]

/** A measured mean; its interval where there is one. */
export interface Seen {
  readonly at: Place
  readonly interval?: readonly [number, number] | null
}

/** What an area holds at one place of the lower axis. */
export interface Stretch {
  readonly x: number
  readonly from: number
  readonly to: number
}

/** What was measured in words or figures and as a colour, and theory's beside it where it says something. */
export interface Answered {
  readonly colour: string
  readonly answer: string
  /** The number that the colour stands for, where it is one between 0 and 1. */
  readonly value?: number
  readonly foretold?: { readonly colour: string; readonly answer: string; readonly value?: number }
}

/** A rectangle of a phase diagram, theory's answer a smaller one inside. */
export interface PlotCell extends Answered {
  readonly x: readonly [number, number]
  readonly y: readonly [number, number]
}

/** A run of a phase diagram that has no rectangle of its own. */
export interface PlotAnswer extends Answered {
  readonly at: Place
}

export interface SeenLayer {
  readonly kind: 'seen'
  readonly series: string
  readonly colour: string
  readonly small: boolean
  /** Units of the page to the side, so that intervals of several series at one place can be told apart. */
  readonly shift?: number
  readonly points: readonly Seen[]
}

export type Layer =
  | { readonly kind: 'cells'; readonly cells: readonly PlotCell[] }
  | {
      readonly kind: 'area'
      readonly colour: string
      readonly answer: string
      readonly points: readonly Stretch[]
    }
  | { readonly kind: 'answers'; readonly points: readonly PlotAnswer[] }
  | { readonly kind: 'level'; readonly y: number }
  | {
      readonly kind: 'seen-line'
      readonly series: string
      readonly colour: string
      readonly points: readonly Place[]
    }
  | {
      readonly kind: 'theory-line'
      readonly series: string
      readonly colour: string
      readonly points: readonly Place[]
    }
  | {
      readonly kind: 'theory-marks'
      readonly series: string
      readonly small: boolean
      readonly points: readonly Place[]
    }
  /** Theory's lines over cells. */
  | { readonly kind: 'contour'; readonly series: string; readonly points: readonly Place[] }
  | SeenLayer
  /** Places where theory expects the feature and no run learned it: marked at the panel's upper edge. */
  | {
      readonly kind: 'unlearned'
      readonly series: string
      readonly colour: string
      /** Units of the page to the side, as of measured marks. */
      readonly shift?: number
      readonly points: readonly number[]
    }

export interface LegendEntry {
  readonly name: string
  readonly colour: string
}

/** The entries of a key, in its order. */
export const SIGNS = [
  'measured',
  'measured-line',
  'interval',
  'run',
  'cell',
  'boundary',
  'theory-line',
  'theory-mark',
  'theory-cell',
  'theory-boundary',
  'theory-levels',
  'answer',
  'theory-answer',
  'unlearned',
  'not-learned', // where there is no theory
] as const
export type Sign = (typeof SIGNS)[number]
