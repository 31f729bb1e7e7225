"""Golden numbers of the probes: NumPy 2.2.6, SciPy 1.15.3 and scikit-learn 1.6.1, from seeded samples.

    python -m venv V && V/bin/pip install numpy==2.2.6 scipy==1.15.3 scikit-learn==1.6.1
    V/bin/python test/golden/make-probes.py > test/golden/probe-cases.json

Inputs are float32 rounded to 1/256, so that their decimals in JSON are exact.
"""

import json

import numpy as np
from sklearn.linear_model import Ridge, RidgeClassifier
from sklearn.metrics import accuracy_score, r2_score
from sklearn.neighbors import KNeighborsClassifier

FLOOR = 0.02
CASES = [  # name, train rows, test rows, k, latents, classes, scale, offset
    ("tall", 96, 64, 7, 3, 4, 1.0, 0.0),
    ("small and away from 0", 80, 48, 5, 2, 3, 0.05, 0.5),
    ("wider than it has samples", 24, 40, 30, 2, 2, 1.0, 0.1),
]


def grid(values):
    return np.round(values * 256) / 256


def sample(rng, rows, case):
    _, _, _, k, f, classes, scale, offset = case
    latents = grid(rng["data"].normal(size=(rows, f)))
    mixed = latents @ rng["map"] + 0.4 * rng["data"].normal(size=(rows, k))
    representation = grid(scale * np.tanh(mixed) + offset)
    scores = latents @ rng["teacher"] + 0.3 * rng["data"].normal(size=(rows, classes))
    return representation, latents, scores.argmax(axis=1)


def numbers(array):
    return np.asarray(array, dtype=float).ravel().tolist()


def golden(case, seed):
    name, train_rows, test_rows, k, f, classes, _, _ = case
    data = np.random.Generator(np.random.PCG64(seed))
    rng = {"data": data, "map": data.normal(size=(f, k)), "teacher": data.normal(size=(f, classes))}
    H, Z, c = sample(rng, train_rows, case)
    h, z, d = sample(rng, test_rows, case)
    relative = 1e-3 * H.var(axis=0).mean()

    def r2(strength):
        ridge = Ridge(alpha=train_rows * strength, solver="svd").fit(H, Z)
        return r2_score(z, ridge.predict(h), multioutput="raw_values")

    classifier = RidgeClassifier(alpha=train_rows * relative, solver="svd").fit(H, c)
    neighbours = KNeighborsClassifier(n_neighbors=20, metric="cosine", algorithm="brute").fit(H, c)
    singular = np.linalg.svd(H, compute_uv=False)
    p = singular / singular.sum() + 1e-7
    covariance = (H - H.mean(axis=0)).T @ (Z - Z.mean(axis=0)) / train_rows
    variances = H.var(axis=0)
    units = H / np.linalg.norm(H, axis=1, keepdims=True)
    return {
        "name": name,
        "floor": FLOOR,
        "k": k,
        "train": {"rows": train_rows, "representation": numbers(H), "latents": numbers(Z), "labels": c.tolist()},
        "test": {"rows": test_rows, "representation": numbers(h), "latents": numbers(z), "labels": d.tolist()},
        "expected": {
            "latents": numbers(r2(FLOOR)),
            "readout": numbers(r2(relative)),
            "responses": numbers(np.linalg.norm(covariance, axis=0) / Z.var(axis=0)),
            "classes": [accuracy_score(d, classifier.predict(h))],
            "neighbours": [accuracy_score(d, neighbours.predict(h))],
            "rank": [float(np.exp(-(p * np.log(p)).sum()))],
            "variance": numbers([variances.min(), np.median(variances), variances.max()]),
            "spread": [float(np.sqrt(units.var(axis=0).sum()))],
        },
    }


print(json.dumps([golden(case, seed) for seed, case in enumerate(CASES)]))
