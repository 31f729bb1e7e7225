"""`peers.py jax|torch`: times the forms of bench/lanes/peers on the card at the sizes of `check --time`.

Prints the best form of each size as one JSON object a line. The peers' numbers are compared with ours by the bench
(npm run bench -- --suite lanes); here they are timed alone.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

SIZES = [(runs, d) for d in (4, 8, 16, 32, 64) for runs in (256, 4096, 65536) if runs * d * d <= 70_000_000]
DEPTH, SECONDS = 3, 2.0


def write_case(folder, runs, d):
    dice = np.random.default_rng(1)
    (folder / "case.json").write_text(json.dumps({"kind": "descent", "runs": runs, "features": d, "depth": DEPTH}))
    arrays = {
        "weights": dice.normal(size=(runs, DEPTH + 1, d, d)) * 0.5 / np.sqrt(d),
        "sxx": dice.uniform(0.3, 2, size=(runs, d)),
        "syx": dice.uniform(0.2, 1.5, size=(runs, d)),
    }
    for name, values in arrays.items():
        values.astype(np.float64).tofile(folder / f"{name}.f64")
    return str(folder / "case.json")


def main():
    name = sys.argv[1]
    serve = Path(__file__).resolve().parents[3] / "bench/lanes/peers/serve.py"
    command = [sys.executable, str(serve), name, "--device", "cuda"]
    peer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(**request):
        peer.stdin.write(json.dumps(request) + "\n")
        peer.stdin.flush()
        answer = peer.stdout.readline()
        if not answer:
            raise SystemExit(f"{name} ended with {peer.wait()}.")
        return json.loads(answer)

    versions = json.loads(peer.stdout.readline())["versions"]
    for runs, d in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            opened = ask(do="open", case=write_case(Path(folder), runs, d))
            best = {"runStepsPerSecond": 0, "form": None, "errors": [opened["error"]] if "error" in opened else []}
            for form in opened.get("forms", []):
                timed = ask(do="time", form=form, seconds=SECONDS, rate=1e-6)
                ask(do="drop", form=form)
                if "error" in timed:
                    best["errors"].append(f"{form}: {timed['error'][:200]}")
                    continue
                speed = timed["steps"] * runs / timed["seconds"]
                if speed > best["runStepsPerSecond"]:
                    best.update(runStepsPerSecond=speed, form=form)
            sizes = {"peer": name, **versions, "mode": "descent", "precision": "float32", "runs": runs}
            print(json.dumps({**sizes, "features": d, "depth": DEPTH, **best}), flush=True)
    peer.stdin.close()
    peer.wait()


if __name__ == "__main__":
    main()
