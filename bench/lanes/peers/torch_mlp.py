"""PyTorch's forms of small MLPs, R at a time: bmm, eager and compiled. Rows come from a table that is resident."""

import torch

from mlp import slopes_of


def products():
    return (
        torch.tanh,
        lambda h, w: torch.bmm(h, w.mT),
        torch.bmm,
        lambda g, h: torch.bmm(g.mT, h),
        lambda g: g.sum(1, keepdim=True),
    )


class Batched:
    def __init__(self, case, device, compiled):
        self.case, self.device, self.chunk, self.fixed = case, device, 10, compiled
        self.sizes = [case.inputs, *case.widths, case.inputs]
        self.x, self.y = (torch.from_numpy(case.array(n, case.samples, case.inputs)).to(device) for n in "xy")
        table = case.array("rows", case.updates, case.runs, case.rows, dtype="int64")
        self.table = torch.from_numpy(table).to(device)
        self.compiled = torch.compile(self.several, dynamic=False) if compiled else self.several

    def several(self, state, rows, rate):
        weights, biases = state[: len(state) // 2], state[len(state) // 2 :]
        for index in rows:
            dw, db = slopes_of(weights, biases, self.x[index], self.y[index], *products())
            weights = [w - rate * g for w, g in zip(weights, dw)]
            biases = [b - rate * g for b, g in zip(biases, db)]
        return [*weights, *biases]

    def start(self):
        self.at = 0
        weights, biases = self.case.network(self.sizes)
        return [torch.from_numpy(m).to(self.device) for m in [*weights, *biases]]

    def advance(self, state, rate, updates):
        if self.at + updates > self.case.updates:
            self.at = 0
        rows = self.table[self.at : self.at + updates]
        self.at += updates
        return self.compiled(state, rows, torch.tensor(rate, device=self.device))

    def matrices(self, state):
        half = len(state) // 2
        return [m.cpu().numpy() for pair in zip(state[:half], state[half:]) for m in pair]


def forms(case, device):
    return {
        "bmm, eager": lambda: Batched(case, device, False),
        "bmm, torch.compile": lambda: Batched(case, device, True),
    }
