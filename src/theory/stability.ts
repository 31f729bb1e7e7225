import type { Objective } from '../experiment/spec.ts'
import { checkDepth } from './mode.ts'

/**
 * How large a learning rate gradient descent stands at the balanced fixed point (docs/theory.md §6).
 *
 * A small change of the residual at entry (i, j), in the basis of the features, decays at the rate k_ij, and
 * every other direction is neutral; descent is stable iff η < 2/max k_ij. With u the layers' fixed points
 * (0 where λ ≤ 0) and σ², λ, ρ = λ/σ² of each feature,
 *
 *   JEPA  k_ij = σ_j² [u_j^(2L) + u_i (u_i − ρ_j) Σ_{a<L} u_i^(2(L−1−a)) u_j^(2a)]
 *              = σ_j² (ρ_i^(2L+1) + ρ_j^(2L+1))/(ρ_i + ρ_j)   where both ρ > 0;   k_ii = λ ρ^(2L−1)
 *   MAE   k_ij = σ_j² Σ_{a=0}^{L} u_i^(2(L−a)) u_j^(2a);                          k_ii = (L+1) λ ρ^((L−1)/(L+1))
 *
 * The largest may lie off the diagonal. Steps in docs/derivations/stability.md.
 */

/**
 * k_ij, [features][features].
 *
 * @param sigma2 variances of x along the features, ≥ 0 (0: the feature is absent)
 * @param lambda covariances along the features; |λ| > 0 needs σ² > 0
 */
export function curvatures(
  objective: Objective,
  sigma2: readonly number[],
  lambda: readonly number[],
  depth: number,
): number[][] {
  checkDepth(depth)
  const rho = regressionsOf(sigma2, lambda)
  const pair = objective === 'jepa' ? jepaPair : maePair
  return rho.map((rhoI) => rho.map((rhoJ, j) => sigma2[j]! * pair(rhoI, rhoJ, depth)))
}

/**
 * 2 (1 + μ)/max k_ij over all pairs; Infinity where no feature is ever learned. Heavy-ball momentum μ widens the bound
 * of plain descent, 2/k for each curvature k, by 1 + μ.
 */
export function maxStableLearningRate(
  objective: Objective,
  sigma2: readonly number[],
  lambda: readonly number[],
  depth: number,
  momentum = 0,
): number {
  const rows = curvatures(objective, sigma2, lambda, depth)
  const largest = rows.reduce((most, row) => Math.max(most, ...row), 0)
  return (2 * (1 + momentum)) / largest
}

/**
 * The largest η for which no mode ever passes its fixed point: 1/max k_ii, exact for both objectives
 * because u' /(u* − u) is largest at u*. Infinity where no feature is ever learned.
 */
export function maxMonotoneLearningRate(
  objective: Objective,
  sigma2: readonly number[],
  lambda: readonly number[],
  depth: number,
): number {
  checkDepth(depth)
  const pair = objective === 'jepa' ? jepaPair : maePair
  const diagonal = regressionsOf(sigma2, lambda).map((rho, i) => sigma2[i]! * pair(rho, rho, depth))
  return 1 / Math.max(0, ...diagonal)
}

function regressionsOf(sigma2: readonly number[], lambda: readonly number[]): number[] {
  if (sigma2.length !== lambda.length) {
    throw new RangeError(`There are ${sigma2.length} variances but ${lambda.length} covariances.`)
  }
  return sigma2.map((variance, i) => {
    if (!(variance > 0 || (variance === 0 && lambda[i] === 0))) {
      throw new RangeError(`The variance ${variance} of feature ${i} is not above 0.`)
    }
    return lambda[i] === 0 ? 0 : lambda[i]! / variance
  })
}

function jepaPair(rhoI: number, rhoJ: number, depth: number): number {
  if (rhoI > 0 && rhoJ > 0) {
    const power = 2 * depth + 1
    return (rhoI ** power + rhoJ ** power) / (rhoI + rhoJ)
  }
  const [u, w] = [Math.max(rhoI, 0), Math.max(rhoJ, 0)]
  return w ** (2 * depth) + u * (u - rhoJ) * evenPowers(u, w, depth - 1)
}

function maePair(rhoI: number, rhoJ: number, depth: number): number {
  const root = 1 / (depth + 1)
  return evenPowers(Math.max(rhoI, 0) ** root, Math.max(rhoJ, 0) ** root, depth)
}

/** Σ_{a=0}^{n} u^(2(n−a)) w^(2a). */
function evenPowers(u: number, w: number, n: number): number {
  let sum = 0
  for (let a = 0; a <= n; a++) sum += u ** (2 * (n - a)) * w ** (2 * a)
  return sum
}
