"""`serve.py torch|jax|diffrax --forms FOLDER [--device cpu|cuda] [--threads 2]`: answers the bench, one JSON request and one
reply a line. FOLDER has the suite's forms: torch_KIND.py, jax_KIND.py for each kind of row.

    {"do": "open", "case": FILE}                                   -> {"forms": [name, ...]}
    {"do": "train", "form", "steps", "rate", "weights": FILE}      -> {"seconds"}          weights after `steps`, compiled
    {"do": "time", "form", "seconds", "rate"}                      -> {"steps", "seconds"} from the start, for that long
    {"do": "solve", "form", ...}                                   -> what the form returns (flow)
    {"do": "drop", "form"}                                         -> {}

A request that fails is answered with {"error": sentence}; only an end of input ends the process.
"""

import argparse
import json
import sys
import time
import traceback

from case import Case, flat_weights
from frameworks import framework


class Server:
    def __init__(self, name, device, threads):
        self.framework, self.device = framework(name, device, threads), device
        self.case, self.makers, self.ready = None, {}, {}

    def open(self, case):
        self.case, self.ready = Case(case), {}
        self.makers = self.framework.forms(self.case)
        return {"forms": list(self.makers)}

    def form(self, name):
        if name not in self.ready:
            self.ready[name] = self.makers[name]()
        return self.ready[name]

    def train(self, form, steps, rate, weights):
        began, trainer = time.perf_counter(), self.form(form)
        if trainer.fixed and steps % trainer.chunk:
            raise ValueError(f"{steps} steps are no multiple of this form's {trainer.chunk} a call")
        state, size = trainer.start(), min(steps, trainer.chunk)
        for done in range(0, steps, size):
            state = trainer.advance(state, rate, min(size, steps - done))
        self.framework.wait(state)
        flat_weights(trainer.matrices(state)).tofile(weights)
        return {"seconds": time.perf_counter() - began}

    def time(self, form, seconds, rate):
        trainer = self.form(form)
        state = trainer.advance(trainer.start(), rate, trainer.chunk)  # a first call costs more
        self.framework.wait(state)
        state, steps, began = trainer.start(), 0, time.perf_counter()
        while True:
            state = trainer.advance(state, rate, trainer.chunk)
            self.framework.wait(state)
            steps += trainer.chunk
            passed = time.perf_counter() - began
            if passed >= seconds:
                return {"steps": steps, "seconds": passed}

    def solve(self, form, **options):
        return self.form(form).solve(**options)

    def drop(self, form):
        self.ready.pop(form, None)
        return {}


def main():
    words = argparse.ArgumentParser()
    words.add_argument("name", choices=("torch", "jax", "diffrax"))
    words.add_argument("--forms", required=True)
    words.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    words.add_argument("--threads", type=int, default=2)
    options = words.parse_args()
    sys.path.append(options.forms)
    replies, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not look like a reply
    server = Server(options.name, options.device, options.threads)
    print(json.dumps({"versions": server.framework.versions}), file=replies, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = getattr(server, request.pop("do"))(**request)
        except Exception as error:  # the bench tells it as the row's error
            traceback.print_exc()
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
