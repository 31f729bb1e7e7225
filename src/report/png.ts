import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Resvg } from '@resvg/resvg-js'

const FONTS = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf']

/**
 * A figure as PNG. The fonts come with the project: a fresh machine may have none.
 *
 * @param width in pixels; the height follows the drawing
 */
export function renderPng(svg: string, width = 1800): Uint8Array {
  const folder = dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json'))
  const drawing = new Resvg(svg, {
    font: {
      loadSystemFonts: false,
      fontFiles: FONTS.map((file) => join(folder, 'ttf', file)),
      defaultFontFamily: 'DejaVu Sans',
      sansSerifFamily: 'DejaVu Sans',
    },
    fitTo: { mode: 'width', value: width },
    background: '#ffffff',
  })
  return drawing.render().asPng()
}
