"""PyTorch's forms of sgd on explicit Gaussian samples: x = sigma g, y = slope x + noise g', B rows an update and run."""

import torch

from gradient import backward
from torch_descent import BATCHED


def descend(state, x, y, rate):
    """One update of [W1 ... WL, V], each [R, d, d], on the rows x, y [R, B, d], through the batch's moments."""
    nn, nt, tn = BATCHED
    *layers, v = state
    rows = x.shape[1]
    sxx, syx = tn(x, x), tn(y, x)
    products = [layers[0]]
    for w in layers[1:]:
        products.append(nn(w, products[-1]))
    encoder = products[-1]
    residual = (nn(nn(v, encoder), sxx) - nn(encoder, syx)) / rows
    slopes, last = backward(layers, v, products, residual, nt, tn)
    return [w - rate * g for w, g in zip(state, [*slopes, last])]


class Samples:
    """Draws with torch's own generator; `compiled` says what torch.compile gets: nothing, maths or all."""

    def __init__(self, case, device, compiled):
        self.case, self.device = case, device
        self.chunk, self.fixed = 10, compiled == "all"
        r, d, rows = case.runs, case.features, case.rows
        self.sigma, self.slope, self.noise = (
            torch.from_numpy(case.array(n, r, 1, d)).to(device) for n in ("sigma", "slope", "noise"))
        self.x, self.g = (torch.empty(r, rows, d, device=device) for _ in range(2))
        self.update = torch.compile(self.from_normals, dynamic=False) if compiled == "maths" else self.from_normals
        self.whole = torch.compile(self.several, dynamic=False) if compiled == "all" else None

    def from_normals(self, state, x, g, rate):
        x = x * self.sigma
        return descend(state, x, x * self.slope + g * self.noise, rate)

    def several(self, state, rate):
        for _ in range(self.chunk):
            state = self.from_normals(state, torch.randn_like(self.x), torch.randn_like(self.g), rate)
        return state

    def start(self):
        torch.manual_seed(self.case.seed)
        return [torch.from_numpy(m).to(self.device) for m in self.case.matrices()]

    def advance(self, state, rate, updates):
        rate = torch.tensor(rate, device=self.device)
        if self.whole is not None:
            return self.whole(state, rate)
        for _ in range(updates):
            state = self.update(state, self.x.normal_(), self.g.normal_(), rate)
        return state

    def matrices(self, state):
        return [m.cpu().numpy() for m in state]


def forms(case, device):
    return {
        "bmm, eager": lambda: Samples(case, device, "nothing"),
        "bmm, torch.compile, eager random": lambda: Samples(case, device, "maths"),
        "bmm, torch.compile": lambda: Samples(case, device, "all"),
    }
