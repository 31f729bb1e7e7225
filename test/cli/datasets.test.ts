import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import type { DatasetView } from '../../src/experiment/dataset-view.ts'
import type { JobView } from '../../src/experiment/job-view.ts'
import type { ResultView } from '../../src/experiment/result-view.ts'
import { type Service, startService } from '../api/service.ts'
import { idx, randomBytes } from '../data/image-files.ts'
import { jepalab } from './run-command.ts'

const pixels = randomBytes(60, 8, 8)
const labels = Uint8Array.from({ length: 60 }, (_, k) => k % 4)

describe('image sets at the command line', () => {
  let service: Service
  let folder: string
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jepalab-cli-'))
    service = await startService({ workers: 1 })
    writeFileSync(join(folder, 'train-images'), idx(pixels, 60, 8, 8))
    writeFileSync(join(folder, 'train-images.gz'), gzipSync(idx(pixels, 60, 8, 8)))
    writeFileSync(join(folder, 'train-labels'), idx(labels, 60))
    const long = 'a very long name of a file that no header of an archive has the room to hold '.repeat(2)
    for (const [k, name] of ['cats/1.png', 'cats/2.png', `dogs/${long}.png`].entries()) {
      mkdirSync(join(folder, 'pets', name, '..'), { recursive: true })
      const raw = { raw: { width: 8, height: 8, channels: 1 } } as const
      const image = pixels.subarray(64 * k, 64 * (k + 1))
      writeFileSync(join(folder, 'pets', name), await sharp(image, raw).toColourspace('b-w').png().toBuffer())
    }
  })
  after(async () => {
    await service.close()
    rmSync(folder, { recursive: true })
  })
  const run = (...args: string[]) => jepalab([...args, '--url', service.url], { cwd: folder })

  it('ls says how to begin where there is no set', async () => {
    const { code, out } = await run('datasets')
    assert.deepEqual([code, out], [0, 'No image sets. Add one with jepalab datasets add.\n'])
  })

  it('add FILE uploads it, follows its import and tells what it became', async () => {
    const { code, out, err } = await run('datasets', 'add', 'train-images.gz', '--name', 'small')
    assert.equal(code, 0, err)
    assert.match(out, /^added {2}d[a-z2-7]{26} {2}small {2}60 images of 8×8×1, no labels, 0\.0 MB\n$/)
    assert.match(err, /^train-images\.gz {2}uploading {2}100 % /m)
    assert.match(err, /^train-images\.gz {2}(reading|measuring) /m)
    const again = await run('datasets', 'add', 'train-images')
    assert.match(again.out, /^there already {2}d[a-z2-7]{26} {2}small /)
  })

  it('add FILE --labels FILE and add FOLDER travel as archives', async () => {
    const both = await run(
      'datasets',
      'add',
      'train-images',
      '--labels',
      'train-labels',
      '--name',
      'labelled',
      '--json',
    )
    assert.equal(both.code, 0, both.err)
    assert.deepEqual(
      (JSON.parse(both.out) as DatasetView).classes,
      ['0', '1', '2', '3'].map((name) => ({ name, count: 15 })),
    )
    const pets = await run('datasets', 'add', 'pets', '--json')
    assert.equal(pets.code, 0, pets.err)
    const { classes, count, source } = JSON.parse(pets.out) as DatasetView
    assert.deepEqual(classes, [
      { name: 'cats', count: 2 },
      { name: 'dogs', count: 1 },
    ])
    assert.deepEqual([count, source], [3, { name: 'pets', format: 'pictures' }])
    const patches = await run(
      'datasets',
      'add',
      'pets',
      '--patch-size',
      '4',
      '--patches',
      '9',
      '--seed',
      '3',
      '--json',
    )
    assert.deepEqual([(JSON.parse(patches.out) as DatasetView).count, patches.code], [9, 0])
  })

  it('add PATH --on-server uploads nothing', async () => {
    const { code, out } = await run('datasets', 'add', 'train-images', '--on-server')
    assert.equal(code, 0)
    assert.match(out, /^there already {2}d/)
  })

  it('ls lists sets, rm takes one away', async () => {
    const { out } = await run('datasets', 'ls')
    assert.match(out, /^id +name +images +size +classes +format +bytes +created$/m)
    assert.match(out, /^d\w{26} +labelled +60 +8×8×1 +4 +idx +/m)
    const gone = await run('datasets', 'rm', 'labelled')
    assert.match(gone.out, /^removed {2}d\w{26} {2}labelled /)
    assert.doesNotMatch((await run('datasets', 'ls')).out, /labelled/)
  })

  const wrong: [args: string[], sentence: RegExp][] = [
    [['add', 'nowhere'], /^nowhere cannot be read \(ENOENT\)/],
    [['add'], /^datasets add needs a path\.\n$/],
    [['list'], /^There is no datasets list; ls, add, rm are there\.\n$/],
    [
      ['add', 'train-labels'],
      /train-labels does not become an image set: it holds 0 IDX file\(s\) of images/,
    ],
    [['add', 'train-images', '--name', 'mnist'], /The name mnist has a meaning of its own/],
    [['add', 'train-images', '--stride', '3'], /give --patch-size too/],
    [['add', 'train-images', '--classes', 'ten'], /^--classes is ten; give a whole number\.\n$/],
    [['rm', 'nobody'], /^No image set nobody is registered/],
  ]
  for (const [args, sentence] of wrong) {
    it(`datasets ${args.join(' ')} ends with 1 and a sentence`, async () => {
      const { code, err } = await run('datasets', ...args)
      assert.equal(code, 1)
      const said = err.split('\n').filter((line) => !line.includes('uploading'))
      assert.match(said.join('\n'), sentence)
    })
  }

  it('a run on a registered set has the numbers of a run on its file', async () => {
    const spec = (dataset: string) => ({
      objective: 'jepa',
      data: { kind: 'images', dataset, resolution: 4, views: { kind: 'noise', nu: 0.5 } },
      model: { kind: 'deep-linear', depth: 2 },
      init: { kind: 'balanced', scale: 0.05 },
      training: { mode: 'sgd', learningRate: 0.01, batchSize: 8, steps: 200 },
      engine: 'reference',
    })
    const results: ResultView[] = []
    for (const dataset of ['small', join(folder, 'train-images')]) {
      const { code, out, err } = await run('run', JSON.stringify(spec(dataset)), '--json')
      assert.equal(code, 0, err)
      results.push(JSON.parse(out) as ResultView)
    }
    assert.equal(results[0]!.fingerprint, results[1]!.fingerprint)
    assert.notEqual(results[0]!.id, results[1]!.id)
    const job = await service.client.get<JobView>(`/v1/jobs/${results[0]!.id}`)
    assert.equal(job.state, 'succeeded')
  })
})
