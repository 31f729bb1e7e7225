"""JAX's forms of small MLPs: vmap over the runs, jit over a scan of updates. Rows come from a table that is resident."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from mlp import slopes_of

PRODUCTS = (
    jnp.tanh,
    lambda h, w: h @ w.T,
    lambda g, w: g @ w,
    lambda g, h: g.T @ h,
    lambda g: g.sum(0, keepdims=True),
)


class Scan:
    fixed = False

    def __init__(self, case, unroll):
        self.case, self.chunk = case, 100
        self.sizes = [case.inputs, *case.widths, case.inputs]
        x, y = (jnp.asarray(case.array(n, case.samples, case.inputs)) for n in "xy")
        self.data = (x, y)
        self.table = jnp.asarray(case.array("rows", case.updates, case.runs, case.rows, dtype=np.int32))

        @partial(jax.jit, donate_argnums=0)
        def advance(state, data, table, rate):
            x, y = data

            def one(weights, biases, index):
                return slopes_of(weights, biases, x[index], y[index], *PRODUCTS)

            def step(state, index):
                slopes = jax.vmap(one)(*state, index)
                return jax.tree.map(lambda w, g: w - rate * g, state, tuple(slopes)), None

            return lax.scan(step, state, table, unroll=unroll)[0]

        self.compiled = advance

    def start(self):
        self.at = 0
        weights, biases = self.case.network(self.sizes)
        return [jnp.asarray(w) for w in weights], [jnp.asarray(b) for b in biases]

    def advance(self, state, rate, updates):
        if self.at + updates > self.case.updates:
            self.at = 0
        rows = self.table[self.at : self.at + updates]
        self.at += updates
        return self.compiled(state, self.data, rows, jnp.float32(rate))

    def matrices(self, state):
        return [np.asarray(m) for pair in zip(*state) for m in pair]


def forms(case, _device):
    return {
        "vmap, scan": lambda: Scan(case, 1),
        "vmap, scan, unroll 4": lambda: Scan(case, 4),
    }
