import assert from 'node:assert/strict'
import { it } from 'node:test'
import { generatorOf } from '../../../src/data/nonlinear/families.ts'
import { RANGES } from '../../../src/data/nonlinear/scene.ts'
import type { Factor } from '../../../src/experiment/nonlinear-spec.ts'
import { openNonlinear } from './families.ts'

/** A scene with these factors in place, [size][size][channels]; the texture is off. */
function scene(factors: Partial<Record<Factor, number>>, size = 24, channels: 1 | 3 = 1): Float64Array {
  const wanted = { 'texture-contrast': 0, ...factors }
  const names = Object.keys(wanted) as Factor[]
  const ones = names.map(() => 1)
  const generator = generatorOf({
    kind: 'nonlinear',
    family: 'factors',
    factors: names,
    lambda: ones,
    rho: ones,
    size,
    channels,
  })
  const latents = names.map((name) => {
    const { centre, reach } = RANGES[name]
    return ((wanted[name]! - centre) * Math.sqrt(3)) / reach
  })
  return generator.render(Float64Array.from(latents), 1)
}

/** How much of each pixel the shape covers, from its brightness of 1 on a background of 0. */
const cover = (factors: Partial<Record<Factor, number>>, size = 24) =>
  scene({ background: 0, brightness: 1, ...factors }, size)

for (const [shape, name] of [
  [0, 'disc'],
  [1, 'square'],
] as const) {
  it(`a ${name} covers each pixel as a count over 16 × 16 points of it says`, () => {
    const [size, x, y, radius] = [24, 0.43, 0.57, 0.2]
    const drawn = cover({ shape, 'position-x': x, 'position-y': y, size: radius }, size)
    let worst = 0
    let total = 0
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        let inside = 0
        for (let k = 0; k < 256; k++) {
          const du = Math.abs((j + ((k % 16) + 0.5) / 16) / size - x)
          const dv = Math.abs((i + (Math.floor(k / 16) + 0.5) / 16) / size - y)
          inside += (shape === 1 ? Math.max(du, dv) : Math.hypot(du, dv)) < radius ? 1 / 256 : 0
        }
        worst = Math.max(worst, Math.abs(drawn[i * size + j]! - inside))
        total += drawn[i * size + j]!
      }
    }
    // The border is a ramp across one pixel, not its exact area: off by a tenth on slants, a quarter at corners.
    assert.ok(worst < (shape === 1 ? 0.26 : 0.13), `the worst pixel is off by ${worst}`)
    const area = (shape === 1 ? 4 : Math.PI) * (radius * size) ** 2
    assert.ok(Math.abs(total / area - 1) < 0.01, `area ${total}, expected ${area}`)
  })
}

it('the centre of gravity of a shape is where its position factors say', () => {
  const size = 16
  for (const [x, y] of [
    [0.3, 0.6],
    [0.51, 0.49],
    [0.75, 0.25],
  ] as const) {
    const drawn = cover({ 'position-x': x, 'position-y': y, shape: 0 }, size)
    const sum = drawn.reduce((total, value) => total + value, 0)
    const mean = (at: (p: number) => number) =>
      drawn.reduce((total, value, p) => total + value * (at(p) + 0.5), 0) / (sum * size)
    const found = [mean((p) => p % size), mean((p) => Math.floor(p / size))]
    assert.ok(Math.abs(found[0]! - x) < 0.003 && Math.abs(found[1]! - y) < 0.003, `${found}, asked ${[x, y]}`)
  }
})

it('pixels move continuously with every factor', () => {
  for (const [name, { centre, reach }] of Object.entries(RANGES)) {
    const at = (share: number) =>
      scene({ brightness: 1, 'texture-contrast': 0.2, [name]: centre + share * reach }, 16, 3)
    for (const share of [-0.9, -0.31, 0.27, 0.8]) {
      const [one, other] = [at(share), at(share + 1e-4)]
      const jump = one.reduce((most, value, p) => Math.max(most, Math.abs(value - other[p]!)), 0)
      assert.ok(jump < 1e-3, `${name}: a pixel jumps by ${jump}`) // 1e-4 of the reach, times at most 2π a turn
      assert.ok(jump > 0, `${name} moves no pixel`)
    }
  }
})

it('the grating is the sine of its two frequencies, moved by its phase', () => {
  const [size, phase] = [8, 0.3]
  const drawn = scene({ background: 0.4, 'texture-contrast': 0.1, 'texture-phase': phase, size: 0.1 }, size)
  for (const [i, j] of [
    [0, 0],
    [7, 1],
    [0, 7],
  ] as const) {
    const expected = 0.4 + 0.1 * Math.sin(2 * Math.PI * ((3 * (j + 0.5) + 1.5 * (i + 0.5)) / size + phase))
    assert.ok(Math.abs(drawn[i * size + j]! - expected) < 1e-14, `${drawn[i * size + j]} at ${i}, ${j}`) // rounding
  }
})

it('colour tints the shape alone, red against blue', () => {
  const plain = scene({ colour: 0 }, 12, 3)
  const tinted = scene({ colour: 0.2 }, 12, 3)
  const centre = (6 * 12 + 6) * 3
  const change = [0, 1, 2].map((c) => tinted[centre + c]! - plain[centre + c]!)
  assert.ok(Math.abs(change[0]! - 0.2) < 1e-12 && Math.abs(change[2]! + 0.2) < 1e-12, `${change}`) // rounding
  assert.equal(change[1], 0)
  assert.deepEqual(tinted.slice(0, 3), plain.slice(0, 3))
})

it('a background can be made the loudest and the least shared factor of the pixels', async () => {
  const { latents, spectrum, features } = await openNonlinear({
    kind: 'nonlinear',
    family: 'factors',
    factors: ['position-x', 'position-y', 'background'],
    lambda: [0.9, 0.9, 0.05],
    rho: [0.95, 0.95, 0.05],
    size: 8,
  })
  const [x, y, background] = latents.loudness
  assert.ok(background! > 1.5 * x! && background! > 1.5 * y!, `${latents.loudness}`)
  // In x the direction of largest variance is the background's: nearly even over the pixels, and hardly shared.
  const loudest = spectrum.sigma2.indexOf(Math.max(...spectrum.sigma2))
  assert.ok(spectrum.rho[loudest]! < 0.2, `the loudest feature has ρ ${spectrum.rho[loudest]}`)
  assert.ok(spectrum.rho[0]! > 0.8, `the most shared has ρ ${spectrum.rho[0]}`)
  assert.equal(features, 64)
})

it('the arrays of a generator and the formulas of docs/data.md draw the same images', () => {
  const data = { kind: 'nonlinear', family: 'factors', size: 9, channels: 3 } as const
  const names = ['size', 'texture-phase', 'position-x', 'colour', 'shape'] as const
  const ones = names.map(() => 1)
  const { parameters, render } = generatorOf({ ...data, factors: [...names], lambda: ones, rho: ones })
  const z = [1.2, -0.7, 0.4, -1.6, 0.9]
  const drawn = render(Float64Array.from(z), 1)
  const { centre, slots, unit, sine, cosine } = parameters
  const values = [...centre!.data]
  for (const [i, slot] of [...slots!.data].entries()) values[slot] = values[slot]! + unit!.data[i]! * z[i]!
  const [x, y, radius, shape, brightness, colour, background, phase, contrast] = values
  for (let p = 0; p < 81; p++) {
    const [du, dv] = [((p % 9) + 0.5) / 9 - x!, (Math.floor(p / 9) + 0.5) / 9 - y!].map(Math.abs)
    const turn = 2 * Math.PI * phase!
    const grating = sine!.data[p]! * Math.cos(turn) + cosine!.data[p]! * Math.sin(turn)
    const behind = background! + contrast! * grating
    const distance = (1 - shape!) * Math.hypot(du!, dv!) + shape! * Math.max(du!, dv!) - radius!
    const cover = Math.min(1, Math.max(0, 0.5 - 9 * distance))
    for (const [c, tint] of [colour!, 0, -colour!].entries()) {
      const expected = behind + cover * (brightness! + tint - behind)
      const error = Math.abs(drawn[3 * p + c]! - expected)
      assert.ok(error < 1e-13, `pixel ${p}, channel ${c} is off by ${error}`) // rounding only
    }
  }
})
