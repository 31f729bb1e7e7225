import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { withProgress } from '../../setup/progress.mjs'
import { hashOf, readJson, writeJson } from '../../setup/stamp.mjs'
import { demandCompiler, shopOf } from '../shop.mjs'
import { sourcesIn, textsOf } from '../sources.mjs'
import { compileCuda } from './compile.mjs'
import { findNvcc } from './nvcc.mjs'

/** The lanes kernels for CUDA, beside the CPU's: where an NVIDIA driver is, or JEPALAB_TENSORFLOW=cuda. */
export const lanesCuda = {
  name: 'lanes-cuda',
  needs: 'lanes',
  optional: true,
  without: 'Without the CUDA kernels deep linear jobs run on the CPU.',

  isDone(place) {
    const shop = cudaShopOf(place)
    return existsSync(shop.library) && readJson(shop.stamp)?.key === keyOf(shop)
  },

  async run(place) {
    const shop = cudaShopOf(place)
    const key = keyOf(shop)
    const compiler = demandCompiler()
    const nvcc = await findNvcc(place)
    await withProgress('CUDA kernels', () => compileCuda({ ...shop, compiler }, nvcc, shop.library))
    rmSync(shop.objects, { recursive: true, force: true })
    writeJson(shop.stamp, { key, nvcc: nvcc.version })
  },
}

function cudaShopOf(place) {
  const shop = shopOf(place)
  return {
    ...shop,
    objects: join(shop.folder, 'cuda-objects'),
    library: join(shop.folder, 'liblanes-cuda.so'),
    stamp: join(shop.folder, 'cuda.json'),
  }
}

/** All of ours that decides the library's bytes. */
function keyOf({ home }) {
  const folder = join(home, 'cuda')
  const kernels = readdirSync(folder).filter((name) => /\.(cu|mjs)$/.test(name))
  const seen = new Map()
  for (const file of sourcesIn(home, 'cuda')) textsOf(home, file, seen)
  for (const name of kernels) textsOf(home, join(folder, name), seen)
  const texts = [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).flat()
  return hashOf(process.arch, readFileSync(join(home, 'exports.map'), 'utf8'), ...texts)
}
