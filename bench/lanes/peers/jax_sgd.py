"""JAX's forms of sgd on explicit Gaussian samples: jit over a scan, samples drawn inside with JAX's generators."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from gradient import backward, unrolled_products
from jax_descent import PLAIN


def plain_slopes(state, x, y):
    """Slopes of one run, x and y [B, d]."""
    nn, nt, tn = PLAIN
    return slopes_from(state, tn(x, x), tn(y, x), x.shape[0], nn, nt, tn)


def last_slopes(state, x, y):
    """Slopes of all runs, x and y [B, d, R]."""
    nn, nt, tn = unrolled_products()
    moment = lambda a, b: (a[:, :, None] * b[:, None]).sum(0)
    return slopes_from(state, moment(x, x), moment(y, x), x.shape[0], nn, nt, tn)


def slopes_from(state, sxx, syx, rows, nn, nt, tn):
    *layers, v = state
    products = [layers[0]]
    for w in layers[1:]:
        products.append(nn(w, products[-1]))
    encoder = products[-1]
    residual = (nn(nn(v, encoder), sxx) - nn(encoder, syx)) / rows
    slopes, last = backward(layers, v, products, residual, nt, tn)
    return [*slopes, last]


class Samples:
    fixed = False

    def __init__(self, case, generator, last):
        self.case, self.last, self.generator, self.chunk = case, last, generator, 20
        r, d, rows = case.runs, case.features, case.rows
        self.data = [self.laid(case.array(n, r, 1, d)) for n in ("sigma", "slope", "noise")]
        shape = (rows, d, r) if last else (r, rows, d)
        slopes = last_slopes if last else jax.vmap(plain_slopes)

        @partial(jax.jit, donate_argnums=0, static_argnums=3)
        def advance(state, data, rate, updates):
            sigma, slope, noise = data

            def step(carry, _):
                weights, key = carry
                key, one, two = jax.random.split(key, 3)
                x = jax.random.normal(one, shape) * sigma
                y = x * slope + jax.random.normal(two, shape) * noise
                return ([w - rate * g for w, g in zip(weights, slopes(weights, x, y))], key), None

            return lax.scan(step, state, None, length=updates)[0]

        self.compiled = advance

    def laid(self, m):
        return jnp.asarray(np.ascontiguousarray(m.transpose(1, 2, 0)) if self.last else m)

    def start(self):
        key = jax.random.key(self.case.seed, impl=self.generator)
        return [self.laid(m) for m in self.case.matrices()], key

    def advance(self, state, rate, updates):
        return self.compiled(state, self.data, jnp.float32(rate), updates)

    def matrices(self, state):
        return [np.asarray(m).transpose(2, 0, 1) if self.last else np.asarray(m) for m in state[0]]


def forms(case, _device):
    return {
        "vmap, scan, threefry": lambda: Samples(case, "threefry2x32", False),
        "vmap, scan, rbg": lambda: Samples(case, "rbg", False),
        "runs last, scan, rbg": lambda: Samples(case, "rbg", True),
    }
