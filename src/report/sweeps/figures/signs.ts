import { INK } from '../../colours.ts'
import type { KeyEntry } from '../../key.ts'
import { element, line, path } from '../../svg.ts'
import {
  contourLine,
  drawAnswer,
  intervalMark,
  seenLine,
  seenMark,
  theoryLine,
  theoryMark,
  unlearnedMark,
} from './draw-layer.ts'
import type { Sign } from './plot.ts'

const MID = '#3b528b'
const OTHER = '#6cba3c'

/** What each sign of a plot means, and how it looks in the key: drawn over 30 units from `at` on, around `middle`. */
export const SIGN_KEY: Readonly<Record<Sign, KeyEntry>> = {
  measured: ['measured', (at, middle) => seenMark(at + 15, middle, MID)],
  'measured-line': ['measured, joined', (at, middle) => path(across(at, middle), seenLine(MID))],
  interval: ['95 % interval over seeds', (at, middle) => intervalMark(at + 15, middle - 9, middle + 9, MID)],
  run: [
    'run, by its answer',
    (at, middle) => drawAnswer([at + 9, middle], MID) + drawAnswer([at + 22, middle], OTHER),
  ],
  boundary: [
    'measured boundary between two runs',
    (at, middle) =>
      path(across(at, middle), seenLine(INK)) +
      intervalMark(at + 15, middle - 8, middle + 8, INK) +
      seenMark(at + 15, middle, INK),
  ],
  'theory-line': ['theory', (at, middle) => line(at, middle, at + 30, middle, theoryLine(INK))],
  'theory-mark': ['theory at the point', (at, middle) => theoryMark(at + 15, middle)],
  cell: ['cell: measured', (at, middle) => square(at + 5, middle, 20, MID)],
  'theory-cell': [
    'square inside: theory',
    (at, middle) => square(at + 5, middle, 20, '#c9cfdc') + square(at + 10, middle, 10, MID),
  ],
  'theory-boundary': ['boundary of theory', (at, middle) => contourLine(across(at, middle))],
  'theory-levels': ['theory: index ¼, ½, ¾', (at, middle) => contourLine(across(at, middle))],
  answer: ['dot: measured', (at, middle) => drawAnswer([at + 15, middle], MID, MID)],
  'theory-answer': ['dot inside: theory', (at, middle) => drawAnswer([at + 15, middle], '#c9cfdc', MID)],
  unlearned: [
    'expected by theory, not learned in the run',
    (at, middle) => unlearnedMark(at + 15, middle, MID),
  ],
  'not-learned': ['not learned in the run', (at, middle) => unlearnedMark(at + 15, middle, MID)],
}

function across(at: number, middle: number): [number, number][] {
  return [
    [at, middle],
    [at + 30, middle],
  ]
}

function square(x: number, middle: number, side: number, fill: string): string {
  return element('rect', { x, y: middle - side / 2, width: side, height: side, fill })
}
