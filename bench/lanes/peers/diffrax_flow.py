"""diffrax's solvers on the gradient flow of the population loss: when the last feature passes its rung."""

import time

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import optimistix

from gradient import gradients
from jax_descent import PLAIN

MAX_STEPS = 100_000

SOLVERS = {
    "Tsit5": diffrax.Tsit5,
    "Dopri8": diffrax.Dopri8,
    "Kvaerno5": diffrax.Kvaerno5,
    "Kvaerno4": diffrax.Kvaerno4,
}


class Flow:
    """All runs under vmap in float64; each ends at the event, which diffrax's root finder places."""

    def __init__(self, case, solver):
        self.case = case
        r, d = case.runs, case.features
        self.start = jnp.stack([jnp.asarray(m) for m in case.matrices(np.float64)], axis=1)
        self.data = [jnp.asarray(case.array(n, r, 1, d, dtype=np.float64)) for n in ("sxx", "syx")]
        self.feature = jnp.asarray(case.array("feature", r, dtype=np.int32))
        self.rung, self.until = (jnp.asarray(case.array(n, r, dtype=np.float64)) for n in ("rung", "until"))
        event = diffrax.Event(self.above, optimistix.Newton(1e-12, 1e-12))

        @jax.jit
        def solve(rtol, until):
            controller = diffrax.PIDController(rtol=rtol, atol=rtol * 1e-2, pcoeff=0.3, icoeff=0.4)

            def one(start, s, l, feature, rung, until):
                solution = diffrax.diffeqsolve(
                    diffrax.ODETerm(self.velocity), solver(), 0.0, until, until * 1e-9, start, (s, l, feature, rung),
                    stepsize_controller=controller, event=event, max_steps=MAX_STEPS, throw=False)
                long = solution.result == diffrax.RESULTS.max_steps_reached
                reached = solution.result == diffrax.RESULTS.event_occurred
                return solution.ts[-1], solution.stats["num_steps"], reached, long

            return jax.vmap(one)(self.start, *self.data, self.feature, self.rung, until)

        self.compiled = solve

    @staticmethod
    def velocity(t, y, args):
        s, l, *_ = args
        slopes, last = gradients(list(y[:-1]), y[-1], s, l, *PLAIN)
        return -jnp.stack([*slopes, last])

    @staticmethod
    def above(t, y, args, **_):
        *_, feature, rung = args
        product = y[0]
        for a in range(1, y.shape[0] - 1):
            product = y[a] @ product
        return jnp.linalg.norm(product[:, feature]) - rung

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


def forms(case, _device):
    return {name: (lambda solver=solver: Flow(case, solver)) for name, solver in SOLVERS.items()}
