"""`descent.py [--device cpu|cuda] [--rows 256x4,4096x16,...] [--only torch|jax]`: the peers alone, for a machine without Node.

Population descent, L = 3, dense Gaussian starts: every form of PyTorch and JAX, one JSON line each with run-steps a second, as
the lanes suite times them. Needs torch, jax and numpy, nothing else. Forms are compared with a float64 model first.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).parents[2] / "contest/peers"))

from case import Case, flat_weights
from frameworks import framework
from gradient import gradients

DEPTH, CHECK_STEPS, CHECK_RATE, TIME_RATE = 3, 200, 0.05, 1e-6


def write_case(folder, runs, d):
    chance, i = np.random.default_rng(0), np.arange(d) / d
    rho, share = 0.9 - 0.4 * i, 1 - 0.2 * np.arange(runs)[:, None] / runs
    lam = (1 - 0.5 * i) * share
    arrays = {"weights": chance.standard_normal((runs, DEPTH + 1, d, d)) * 0.1 ** (1 / 3) / d**0.5, "sxx": lam / rho, "syx": lam}
    for name, array in arrays.items():
        array.astype(np.float64).tofile(folder / f"{name}.f64")
    fields = {"kind": "descent", "runs": runs, "features": d, "depth": DEPTH}
    (folder / "case.json").write_text(json.dumps(fields))
    return folder / "case.json"


def model(case, runs, steps):
    """Weights of the first `runs` runs after `steps` updates in float64."""
    s, l = (case.array(n, case.runs, 1, case.features, dtype=np.float64)[:runs] for n in ("sxx", "syx"))
    turned = lambda a: a.swapaxes(1, 2)
    state = [m[:runs] for m in case.matrices(np.float64)]
    for _ in range(steps):
        slopes, last = gradients(
            state[:-1], state[-1], s, l, np.matmul, lambda a, b: a @ turned(b), lambda a, b: turned(a) @ b)
        state = [w - CHECK_RATE * g for w, g in zip(state, [*slopes, last])]
    return flat_weights(state)


def measure(form, wait, case, seconds):
    state = form.advance(form.start(), TIME_RATE, form.chunk)
    wait(state)
    rates = []
    for _ in range(5):
        state, steps, began = form.start(), 0, time.perf_counter()
        while (passed := time.perf_counter() - began) < seconds:
            state = form.advance(state, TIME_RATE, form.chunk)
            wait(state)
            steps += form.chunk
        rates.append(steps * case.runs / passed)
    return sorted(rates)


def main():
    words = argparse.ArgumentParser()
    words.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    words.add_argument("--rows", default="256x4,256x8,256x16,256x32,256x64,256x128")
    words.add_argument("--only", choices=("torch", "jax"))
    words.add_argument("--seconds", type=float, default=0.3)
    options = words.parse_args()
    for row in options.rows.split(","):
        runs, d = map(int, row.split("x"))
        with tempfile.TemporaryDirectory() as folder:
            case = Case(write_case(Path(folder), runs, d))
            looked = min(runs, 16)
            start, end = flat_weights(case.matrices(np.float64))[:looked], model(case, looked, CHECK_STEPS)
            for name in [options.only] if options.only else ["torch", "jax"]:
                peer = framework(name, options.device)
                for title, make in peer.forms(case).items():
                    line = {"peer": name, "form": title, "device": options.device, "runs": runs, "features": d, "depth": DEPTH}
                    try:
                        form = make()
                        state, size = form.start(), min(CHECK_STEPS, form.chunk)
                        for done in range(0, CHECK_STEPS, size):
                            state = form.advance(state, CHECK_RATE, min(size, CHECK_STEPS - done))
                        found = flat_weights(form.matrices(state))[:looked]
                        line["difference"] = float(abs(found - end).max() / abs(end - start).max())
                        if line["difference"] < 1e-3:
                            rates = measure(form, peer.wait, case, options.seconds)
                            line |= {"runStepsPerSecond": rates[2], "min": rates[0], "max": rates[-1]}
                    except Exception as error:  # one form's fault is told in its line
                        line["error"] = f"{type(error).__name__}: {error}"[:300]
                    print(json.dumps(line | peer.versions), flush=True)


if __name__ == "__main__":
    main()
