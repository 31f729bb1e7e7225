import { CommandError } from './client.ts'

const FORMATS = ['vl.json', 'svg', 'png', 'csv']

/** The path of a sweep's figure in the form that a file's ending asks for. @throws CommandError */
export function sweepFigurePath(id: string, file: string, kind?: string): string {
  const format = file === '-' ? 'svg' : FORMATS.find((ending) => file.endsWith(`.${ending}`))
  if (format === undefined) throw new CommandError(`${file} must end in .svg, .png, .vl.json or .csv.`)
  return `/v1/sweeps/${id}/figure.${format}${kind === undefined ? '' : `?kind=${encodeURIComponent(kind)}`}`
}
