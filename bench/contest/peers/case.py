"""What a row of the bench trains: sizes, data and the start, read from the files that the bench has written."""

import json
from pathlib import Path

import numpy as np


class Case:
    """`fields` are the row's sizes; arrays lie beside the file as raw float64 and are read by name and shape."""

    def __init__(self, path):
        self.folder = Path(path).parent
        self.fields = json.loads(Path(path).read_text())

    def __getattr__(self, name):
        try:
            return self.fields[name]
        except KeyError:
            raise AttributeError(name) from None

    def array(self, name, *shape, dtype=np.float32):
        flat = np.fromfile(self.folder / f"{name}.f64", dtype=np.float64)
        return flat.reshape(shape).astype(dtype)

    def matrices(self, dtype=np.float32):
        """[W1, ..., WL, V], each [R, d, d]."""
        r, d, count = self.runs, self.features, self.depth + 1
        weights = self.array("weights", r, count, d, d, dtype=dtype)
        return [np.ascontiguousarray(weights[:, a]) for a in range(count)]

    def network(self, sizes):
        """[W], [b] of an MLP, W [R, n_l, n_(l-1)] and b [R, 1, n_l], from one run's layout W1 b1 W2 b2 ..."""
        flat = self.array("weights", self.runs, -1)
        weights, biases, at = [], [], 0
        for n, m in zip(sizes[1:], sizes):
            weights.append(np.ascontiguousarray(flat[:, at : at + n * m]).reshape(-1, n, m))
            biases.append(np.ascontiguousarray(flat[:, at + n * m : at + n * m + n]).reshape(-1, 1, n))
            at += n * m + n
        return weights, biases


def flat_weights(matrices):
    """[R, weights] in float64 of matrices [R, rows, columns], in the order of `Case.matrices`."""
    return np.concatenate([np.asarray(m, np.float64).reshape(m.shape[0], -1) for m in matrices], axis=1)
