import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Blocks } from '../../src/data/philox.ts'
import { fillShortNormals } from '../../src/data/short-normal.ts'
import { readInstallation } from '../../src/experiment/installation.ts'
import { drawn } from '../../workers/engines/tensorflow/kernels/draw.ts'
import { loadTensorFlow } from '../../workers/engines/tensorflow/load.ts'

const { kernels, tensorflow } = readInstallation()
const isHere = tensorflow !== null && tensorflow.variant !== 'off' && kernels !== null
const needs = { skip: isHere ? false : 'the net kernels are not here' }

const FIRST_STREAM = 0x4e000000
const seeds = [0, 1, 7, 2 ** 32 + 5, 2 ** 53 - 1]

/** Where number i of a block stands: sixteen blocks at a time, their first words, then their second ones. */
const placeOf = (block: number, i: number) => 64 * Math.floor(block / 16) + 16 * i + (block % 16)

describe('draws of nets', needs, () => {
  const draw = async (
    law: 'normal' | 'uniform',
    of: readonly number[],
    step: number,
    stream: number,
    size: number,
  ) => {
    const { tf } = await loadTensorFlow('cpu')
    const words = of.flatMap((seed) => [seed | 0, Math.floor(seed / 2 ** 32)])
    const key = { seeds: tf.tensor2d(words, [of.length, 2], 'int32'), step: tf.scalar(step, 'int32'), stream }
    return drawn(tf, law, key, [size]).dataSync() as Float32Array
  }

  it('normals are those of the definition in float64, in the order of the kernels', async () => {
    for (const [step, stream, size] of [
      [0, 0, 1000],
      [123456789, 8, 64],
      [3, 2, 5],
    ] as const) {
      const found = await draw('normal', seeds, step, stream, size)
      for (const [r, seed] of seeds.entries()) {
        const expected = new Float64Array(64 * Math.ceil(size / 64))
        fillShortNormals(expected, { seed, stream: FIRST_STREAM + stream, step })
        for (const [k, value] of expected.entries()) {
          const place = placeOf(Math.floor(k / 4), k % 4)
          if (place >= size) continue
          const gap = Math.abs(found[r * size + place]! - value)
          assert.ok(gap < 5e-7 * Math.max(1, Math.abs(value)), `seed ${seed}, ${place}: ${gap}`) // float32
        }
      }
    }
  })

  it('uniforms are the upper 24 bits of Philox, never 1', async () => {
    const size = 700
    const found = await draw('uniform', seeds, 5, 1, size)
    for (const [r, seed] of seeds.entries()) {
      const blocks = new Blocks({ seed, stream: FIRST_STREAM + 1, step: 5 }, 176)
      for (let block = 0; block < 176; block++) {
        blocks.draw(block)
        for (let i = 0; i < 4; i++) {
          const place = placeOf(block, i)
          if (place < size) assert.equal(found[r * size + place], (blocks.words[i]! >>> 8) * 2 ** -24)
        }
      }
    }
    assert.ok(found.every((x) => x >= 0 && x < 1))
  })

  it('a run draws the same alone and among others, and of any size the first numbers', async () => {
    for (const law of ['normal', 'uniform'] as const) {
      const together = await draw(law, seeds, 9, 3, 5000)
      for (const [r, seed] of seeds.entries()) {
        const alone = await draw(law, [seed], 9, 3, 5000)
        assert.deepEqual(together.slice(r * 5000, (r + 1) * 5000), alone)
        assert.deepEqual((await draw(law, [seed], 9, 3, 77)).slice(0, 77), alone.slice(0, 77))
      }
    }
  })
})
