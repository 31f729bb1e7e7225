"""JAX's forms of the networks: jit over a scan of steps; several runs by vmap, by lax.map or as copies."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from network import AsWritten, ChannelsFirst, batches_of, weights_of


def outputs(w, x, layout):
    h, k = x, 0
    while f"c{k}" in w:
        first = layout == "NCHW"
        dims = ("NCHW", "OIHW", "NCHW") if first else ("NHWC", "HWIO", "NHWC")
        made = lax.conv_general_dilated(h, w[f"c{k}"], (2, 2), "SAME", dimension_numbers=dims)
        h = jax.nn.relu(made + (w[f"d{k}"][:, None, None] if first else w[f"d{k}"]))
        k += 1
    h = h.reshape(h.shape[0], -1) if k else h
    k = 0
    while f"w{k}" in w:
        h = jax.nn.relu(h) if k else h
        h = h @ w[f"w{k}"] + w[f"b{k}"]
        k += 1
    return h


def loss_of(w, x, y, layout):
    if "p" in w:
        target = lax.stop_gradient(outputs(w, y, layout))
        return jnp.mean((outputs(w, x, layout) @ w["p"] - target) ** 2)
    return jnp.mean((outputs(w, x, layout) - y) ** 2)


class Scan:
    """`together`: how several runs go: vmap, map (one after the other), copies (a loop that jit unrolls)."""

    fixed = False

    def __init__(self, case, together="copies", layout="NHWC", unroll=1):
        self.case, self.chunk = case, case.batches * (4 if case.model["kind"] == "convolutional" else 16)
        images = case.model["kind"] == "convolutional" and layout == "NCHW"
        self.layout = ChannelsFirst(case) if images else AsWritten()
        x, y = (self.layout.images(a) for a in batches_of(case))
        self.together, momentum = together, case.momentum
        mean_slopes = jax.value_and_grad(partial(loss_of, layout=layout))

        def one(w, m, x, y, rate):
            loss, slopes = mean_slopes(w, x, y)
            m = jax.tree.map(lambda m, g: momentum * m + g, m, slopes)
            return jax.tree.map(lambda w, m: w - rate * m, w, m), m, loss

        def step(rate, state, batch):
            if together == "vmap":
                w, m, loss = jax.vmap(one, (0, 0, 0, 0, None))(*state, *batch, rate)
            elif together == "map":
                w, m, loss = lax.map(lambda given: one(*given, rate), (*state, *batch))
            else:
                taken = [one(*state[r], *batch[0][r], rate) for r in range(case.runs)]
                return [(w, m) for w, m, _ in taken], jnp.stack([loss for *_, loss in taken])
            return (w, m), loss

        @partial(jax.jit, donate_argnums=0)
        def advance(state, x, y, rate):
            return lax.scan(partial(step, rate), state, (x, y), unroll=unroll)

        self.compiled = advance
        repeat = lambda a: jnp.asarray(np.concatenate([a] * (self.chunk // case.batches)))
        if together == "copies":
            self.x = [[repeat(a[r]) for r in range(case.runs)] for a in (x, y)]
        else:
            self.x = [repeat(np.moveaxis(a, 0, 1)) for a in (x, y)]

    def start(self):
        self.at = 0
        w = self.layout.weights(weights_of(self.case))
        if self.together == "copies":
            runs = [{n: jnp.asarray(a[r]) for n, a in w.items()} for r in range(self.case.runs)]
            return [(one, jax.tree.map(jnp.zeros_like, one)) for one in runs]
        w = {n: jnp.asarray(a) for n, a in w.items()}
        return w, jax.tree.map(jnp.zeros_like, w)

    def advance(self, state, rate, updates):
        if self.at + updates > self.chunk:
            self.at %= self.case.batches
        x, y = self.x
        if updates != self.chunk:
            x, y = jax.tree.map(lambda a: a[self.at : self.at + updates], [x, y])
        self.at += updates
        if self.together == "copies":
            x, y = list(zip(x, y)), None
        state, self.losses = self.compiled(state, x, y, jnp.float32(rate))
        return state

    def matrices(self, state):
        if self.together == "copies":
            w = {n: np.stack([np.asarray(one[n]) for one, _ in state]) for n in state[0][0]}
        else:
            w = {n: np.asarray(a) for n, a in state[0].items()}
        w = self.layout.back(w)
        return [w[one["name"]] for one in self.case.parameters]


def forms(case, _device):
    images = case.model["kind"] == "convolutional"
    if case.runs == 1:
        table = {"scan": lambda: Scan(case), "scan, unroll 4": lambda: Scan(case, unroll=4)}
        if images:
            table["NCHW, scan"] = lambda: Scan(case, layout="NCHW")
        return table
    table = {"vmap, scan": lambda: Scan(case, "vmap"), "map, scan": lambda: Scan(case, "map")}
    if not images:
        table["vmap, scan, unroll 4"] = lambda: Scan(case, "vmap", unroll=4)
    if case.runs <= 8:
        table["copies, scan"] = lambda: Scan(case, "copies")
    return table
