"""diffrax's solvers on the gradient flow of the population loss: when the last feature passes its rung.

They are told the exact time and look around it, the closer the finer, so that nothing is spent on finding it: `until`
is that time, and a passage more than 0.3 % away is not seen.
"""

import time

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

from gradient import gradients
from jax_descent import PLAIN

MAX_STEPS = 40_000

SOLVERS = {
    "Tsit5": diffrax.Tsit5,
    "Dopri8": diffrax.Dopri8,
    "Kvaerno5": diffrax.Kvaerno5,
    "Kvaerno4": diffrax.Kvaerno4,
}


class Flow:
    """All runs under vmap in float64; each ends 0.3 % past its time.

    `diagonal`: on the diagonals alone, [L + 1, d], where a start has nothing else.
    """

    def __init__(self, case, solver, diagonal):
        self.case, self.diagonal = case, diagonal
        r, d = case.runs, case.features
        start = np.stack(case.matrices(np.float64), axis=1)
        start = start.diagonal(axis1=2, axis2=3) if diagonal else start
        self.start = jnp.asarray(start)
        self.data = [jnp.asarray(case.array(n, r, 1, d, dtype=np.float64)) for n in ("sxx", "syx")]
        if diagonal:
            self.data = [m[:, 0] for m in self.data]
        self.feature = jnp.asarray(case.array("feature", r, dtype=np.int32))
        self.rung, self.until = (jnp.asarray(case.array(n, r, dtype=np.float64)) for n in ("rung", "until"))
        offsets = 10 ** np.arange(-10, -2.4, 0.25)
        self.looks = jnp.asarray(np.concatenate([-offsets[::-1], [0], offsets]))

        @jax.jit
        def solve(rtol, until):
            controller = diffrax.PIDController(rtol=rtol, atol=rtol * 1e-2, pcoeff=0.3, icoeff=0.4)

            def one(start, s, l, feature, rung, until):
                times = until * (1 + self.looks)
                solution = diffrax.diffeqsolve(
                    diffrax.ODETerm(self.velocity), solver(), 0.0, times[-1], until * 1e-9, start, (s, l),
                    stepsize_controller=controller, saveat=diffrax.SaveAt(ts=times), max_steps=MAX_STEPS, throw=False)
                amplitudes = jax.vmap(lambda y: self.amplitude(y, feature))(solution.ys)
                reached = solution.result == diffrax.RESULTS.successful
                long = solution.result == diffrax.RESULTS.max_steps_reached
                return passage(times, amplitudes, rung), solution.stats["num_steps"], reached, long

            return jax.vmap(one)(self.start, *self.data, self.feature, self.rung, until)

        self.compiled = solve

    def velocity(self, t, y, args):
        s, l, *_ = args
        products = [jnp.multiply] * 3 if self.diagonal else PLAIN
        slopes, last = gradients(list(y[:-1]), y[-1], s, l, *products)
        return -jnp.stack([*slopes, last])

    def amplitude(self, y, feature):
        if self.diagonal:
            return jnp.prod(y[:-1, feature])
        product = y[0]
        for a in range(1, y.shape[0] - 1):
            product = y[a] @ product
        return jnp.linalg.norm(product[:, feature])

    def solve(self, rtol):
        """{times [R], null where it failed; steps, reached, long, seconds}; compiled before the clock starts.

        `long`: a run needs more than MAX_STEPS, so tighter tolerances need not be tried.
        """
        jax.block_until_ready(self.compiled(rtol, self.until * 1e-6))
        began = time.perf_counter()
        times, steps, reached, long = jax.block_until_ready(self.compiled(rtol, self.until))
        seconds = time.perf_counter() - began
        return {
            "times": [float(t) if np.isfinite(t) else None for t in np.asarray(times)],
            "steps": int(np.asarray(steps).sum()),
            "reached": bool(np.asarray(reached).all()),
            "long": bool(np.asarray(long).any()),
            "seconds": seconds,
        }


def passage(times, amplitudes, rung):
    """When a rising amplitude passes `rung`, by a straight line in its logarithm; NaN where it does not."""
    after = jnp.argmax(amplitudes >= rung)
    inside = (after > 0) & (amplitudes[after] >= rung)
    one, two = (jnp.log(amplitudes[k]) for k in (after - 1, after))
    fraction = (jnp.log(rung) - one) / (two - one)
    return jnp.where(inside, times[after - 1] + fraction * (times[after] - times[after - 1]), jnp.nan)


def forms(case, _device):
    def maker(solver, diagonal):
        return lambda: Flow(case, solver, diagonal)

    table = {name: maker(solver, False) for name, solver in SOLVERS.items()}
    if not case.turned:
        table |= {f"{name}, diagonals": maker(solver, True) for name, solver in SOLVERS.items()}
    return table
