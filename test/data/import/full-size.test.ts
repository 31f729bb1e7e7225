import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { it } from 'node:test'
import { openImageSet } from '../../../src/data/images/open-image-set.ts'
import { add, artifacts, put, registry } from './stand.ts'

const FASHION = '/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz'
const LABELS = '/usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz'
const SECONDS = 10

/** Runs an import and says what it took; the bound is on the processor's time, since tests share their cores. */
async function timed(work: () => Promise<unknown>): Promise<string> {
  const [cpu, start] = [process.cpuUsage(), performance.now()]
  await work()
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (user + system) / 1e6
  assert.ok(seconds < SECONDS, `${seconds.toFixed(1)} s of processor time`)
  return `${((performance.now() - start) / 1000).toFixed(1)} s, ${seconds.toFixed(1)} s of processor time`
}

/** A scene of two waves and a disc in colour, [3][32][32]: cut from no photograph, but smooth with edges like one. */
function scene(out: Buffer, at: number, k: number): void {
  const [a, b, r] = [0.1 + (k % 17) / 40, 0.1 + (k % 23) / 50, 3 + (k % 9)]
  const [x, y] = [5 + ((k * 7) % 22), 5 + ((k * 13) % 22)]
  for (let p = 0; p < 1024; p++) {
    const [i, j] = [p >> 5, p & 31]
    const inside = (i - x) ** 2 + (j - y) ** 2 < r * r
    const wave = WAVE[Math.floor(40 * (a * i + b * j) + k) & 255]!
    for (let c = 0; c < 3; c++) out[at + 1024 * c + p] = inside ? 40 * c + (k & 127) : wave + 20 * c
  }
}
const WAVE = Uint8Array.from({ length: 256 }, (_, t) => 100 + 80 * Math.sin((2 * Math.PI * t) / 256))

it('60,000 images in CIFAR-10’s binary form are read, measured and kept in under 10 s', async (t) => {
  const record = 3073
  const bytes = Buffer.alloc(60_000 * record)
  for (let k = 0; k < 60_000; k++) {
    bytes[k * record] = k % 10
    scene(bytes, k * record + 1, k)
  }
  const path = put('data.bin', bytes)
  t.diagnostic(await timed(() => add(path, {}, 'scenes')))
  const set = await openImageSet(artifacts, 'scenes')
  assert.deepEqual(set.shape, [60_000, 32, 32, 3])
  const view = await registry.find('scenes')
  assert.deepEqual(view.spectrum.eigenvalues.length, 256)
  const last = set.images(59_999, 1)
  for (let p = 0; p < 1024; p++) {
    assert.equal(last[3 * p + 1], bytes[59_999 * record + 1 + 1024 + p])
  }
  assert.equal(set.labels?.[59_999], 9)
  set.close()
})

const missing = existsSync(FASHION)
  ? false
  : 'dataset-fashion-mnist is not installed (apt install dataset-fashion-mnist)'
it('the 60,000 images of Fashion-MNIST and their labels are read, measured and kept in under 10 s', {
  skip: missing,
}, async (t) => {
  t.diagnostic(await timed(() => add(FASHION, { labels: LABELS }, 'fashion')))
  const set = await openImageSet(artifacts, 'fashion')
  assert.deepEqual(set.shape, [60_000, 28, 28, 1])
  assert.equal(set.classes?.length, 10)
  const record = await registry.find('fashion')
  assert.ok(Math.abs(record.mean[0]! - 72.94) < 0.01, String(record.mean)) // as its users normalise it: .2860 of 255
  set.close()
})
