"""JAX's forms of population descent: jit over a scan of updates, the products in several layouts."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from gradient import gradients, rows_products, summed_products, unrolled_products

PLAIN = (lambda a, b: a @ b, lambda a, b: a @ b.T, lambda a, b: a.T @ b)


class Scan:
    """All updates of a call in one scan; `layout` is first, last or single. The forms' interface is torch_descent's."""

    fixed = False

    def __init__(self, case, products, layout, chunk, unroll=1):
        self.case, self.layout, self.chunk = case, layout, chunk
        s, l = (case.array(n, case.runs, 1, case.features) for n in ("sxx", "syx"))
        self.data = [self.laid(s), self.laid(l)]

        def slopes_of(state, s, l):
            *layers, v = state
            slopes, last = gradients(layers, v, s, l, *products)
            return [*slopes, last]

        step_slopes = jax.vmap(slopes_of) if products is PLAIN and layout == "first" else slopes_of

        @partial(jax.jit, donate_argnums=0, static_argnums=4)
        def advance(state, s, l, rate, updates):
            def step(state, _):
                return [w - rate * g for w, g in zip(state, step_slopes(state, s, l))], None

            return lax.scan(step, state, None, length=updates, unroll=unroll)[0]

        self.compiled = advance

    def laid(self, m):
        if self.layout == "single":
            return jnp.asarray(m[0])
        return jnp.asarray(np.ascontiguousarray(m.transpose(1, 2, 0)) if self.layout == "last" else m)

    def start(self):
        return [self.laid(m) for m in self.case.matrices()]

    def advance(self, state, rate, updates):
        return self.compiled(state, *self.data, jnp.float32(rate), updates)

    def matrices(self, state):
        back = {"single": lambda m: m[None], "last": lambda m: m.transpose(2, 0, 1), "first": lambda m: m}
        return [back[self.layout](np.asarray(m)) for m in state]


def forms(case, _device):
    """name -> maker; long chunks where an update is short, so that a call's own cost does not count."""
    r, d = case.runs, case.features
    chunk = max(4, min(4000, int(4e8 / (18 * r * d**3)) // 4 * 4))
    chunk = max(c for c in (4, 8, 20, 40, 100, 200, 1000, 2000, 4000) if c <= chunk)
    table = {}
    layout = "single" if r == 1 else "first"
    name = "scan" if r == 1 else "vmap, scan"
    table[name] = lambda: Scan(case, PLAIN, layout, chunk)
    table[f"{name}, unroll 4"] = lambda: Scan(case, PLAIN, layout, chunk, unroll=4)
    if d <= 32:
        table["runs last, sums, scan"] = lambda: Scan(case, summed_products(), "last", chunk)
    if d <= 16:
        table["runs last, unrolled, scan"] = lambda: Scan(case, unrolled_products(), "last", chunk)
        table["runs first, unrolled, scan"] = lambda: Scan(case, rows_products(), "first", chunk)
    return table
