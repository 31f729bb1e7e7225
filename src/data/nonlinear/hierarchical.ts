import { type Matrix, zeros } from '../../experiment/matrix.ts'
import { haarOrthogonal } from '../haar.ts'
import { multiply } from '../linear-algebra.ts'
import { STREAMS } from '../philox.ts'
import type { Generator, NonlinearSpec } from './generator.ts'
import { gaussianPairs } from './latent-law.ts'
import { rectify } from './mixing.ts'

/**
 * Coarse to fine: a tree of `branching` b whose every node carries one Gaussian latent and a state of w = `channels` numbers.
 * A random teacher, the same at every node of a level, makes the states of the children from that of their parent:
 *
 *   h_root = φ(z_root v_0),    h_child = φ(T_{l,c} h_parent + z_child v_l),   c = 0 … b − 1 the child's place,  l = 1 … L − 1
 *
 * T_{l,c} is √(2/(1 + slope²)) times a Haar matrix, [w][w], which makes good what φ takes from the variance (He et al., ICCV
 * 2015), v_l a random unit vector, φ as in mixing.ts. x is the states of the leaves from left to
 * right, d = w b^(L−1). Latents are numbered level by level, from left to right: 1 + b + … + b^(L−1). A parent's state
 * and the latents of its children follow from the children's states (b w equations, w + b unknowns), so latents are a function of x.
 */
type HierarchicalSpec = Extract<NonlinearSpec, { family: 'hierarchical' }>

/** The generator of a tree. */
export function hierarchical(data: HierarchicalSpec): Generator {
  const { lambda, rho, branching: b = 2, channels: w = 4, slope = 0.2, seed = 0 } = data
  const levels = lambda.length
  const nodes = lambda.map((_, l) => b ** l)
  const each = (list: readonly number[]) =>
    list.flatMap((value, l) => new Array<number>(nodes[l]!).fill(value))
  const entries = lambda.map((_, l) => unitVector(w, seed, ENTRY + l)) // v_l
  const teachers = lambda.slice(1).map((_, l) => teacher(b, w, slope, seed, TEACHER + l * b))
  const latents = nodes.reduce((sum, n) => sum + n, 0)
  return {
    names: nodes.flatMap((n, l) => Array.from({ length: n }, (_, k) => `level${l}-${k}`)),
    law: gaussianPairs(each(lambda), each(rho)),
    shape: [w * b ** (levels - 1)],
    totalVariance: w * b ** (levels - 1),
    parameters: Object.fromEntries([
      ...entries.map((v, l) => [`v${l}`, { shape: [w], data: v }]),
      ...teachers.map(({ data }, l) => [`T${l + 1}`, { shape: [w, b, w], data }]), // T[l][parent's entry][child][entry]
    ]),
    work: latents * w ** 2,
    render(z, rows) {
      let h: Matrix = { rows, cols: w, data: new Float64Array(rows * w) }
      let offset = 0
      for (let l = 0; l < levels; l++) {
        if (l > 0) h = { rows: rows * nodes[l]!, cols: w, data: multiply(h, teachers[l - 1]!).data }
        addLatents(h.data, entries[l]!, z, latents, offset, nodes[l]!)
        rectify(h.data, slope)
        offset += nodes[l]!
      }
      return h.data
    },
  }
}

const ENTRY = STREAMS.layer
const TEACHER = STREAMS.layer + 16

/** [T_0' … T_{b−1}'], [w][b w]: a row of states times it is the row of the children's states, child by child. */
function teacher(b: number, w: number, slope: number, seed: number, stream: number): Matrix {
  const gain = Math.sqrt(2 / (1 + slope ** 2))
  const out = zeros(w, b * w)
  for (let c = 0; c < b; c++) {
    const T = haarOrthogonal(w, seed, stream + c)
    for (let i = 0; i < w; i++) {
      for (let j = 0; j < w; j++) out.data[j * b * w + c * w + i] = gain * T.data[i * w + j]!
    }
  }
  return out
}

/** Adds z_k v to the state of node k of each row; the latents of the level begin at `offset` of a row's. */
function addLatents(
  h: Float64Array,
  v: Float64Array,
  z: Float64Array,
  latents: number,
  offset: number,
  nodes: number,
): void {
  const w = v.length
  for (let at = 0, state = 0; state < h.length; at += latents) {
    for (let k = 0; k < nodes; k++, state += w) {
      const latent = z[at + offset + k]!
      for (let i = 0; i < w; i++) h[state + i] = h[state + i]! + latent * v[i]!
    }
  }
}

/** A Haar matrix's first column: uniform on the sphere. */
function unitVector(n: number, seed: number, stream: number): Float64Array {
  const Q = haarOrthogonal(n, seed, stream)
  return Float64Array.from({ length: n }, (_, i) => Q.data[i * n]!)
}
