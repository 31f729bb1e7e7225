import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { repositoryRoot } from '../../src/experiment/repository.ts'

const root = repositoryRoot()
const load = (path: string) => import(pathToFileURL(join(root, 'native', path)).href)
const { patchSources, patchText } = await load('tensorflow/patch.mjs')
const carried = join(root, 'node_modules/@tensorflow/tfjs-node-gpu/binding')
const room = mkdtempSync(join(tmpdir(), 'jepalab-patch-'))
after(() => rmSync(room, { recursive: true, force: true }))

it("the binding's sources get our calls, and the package keeps its own text", () => {
  const before = readFileSync(join(carried, 'tfjs_binding.cc'), 'utf8')
  const sources: string[] = patchSources(carried, join(room, 'patched'), ['tfjs_binding.cc'])
  assert.deepEqual(
    sources.map((path) => path.slice(path.lastIndexOf('/') + 1)),
    ['tfjs_binding.cc', 'functions.cc', 'kernel-library.cc'],
  )
  const patched = readFileSync(sources[0]!, 'utf8')
  for (const call of ['addFunction', 'removeFunction', 'operations', 'hasOneDnn', 'loadKernels']) {
    assert.ok(patched.includes(`{"${call}",`), `${call} is not exported`)
    assert.ok(patchText().includes(call), `${call} is not in what the build is known by`)
  }
  assert.equal(readFileSync(join(carried, 'tfjs_binding.cc'), 'utf8'), before)
})

it('sources that the patch does not fit are refused with the remedy', () => {
  const other = join(room, 'other')
  cpSync(carried, other, { recursive: true })
  writeFileSync(join(other, 'tfjs_backend.h'), '// another version\n')
  assert.throws(() => patchSources(other, join(room, 'failed'), []), {
    message: /tfjs_backend\.h has 0 lines bool is_gpu_device; and not one.*package-lock\.json/s,
  })
})
