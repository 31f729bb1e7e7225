"""PyTorch's forms of the networks: eager with autograd, and torch.compile over whole steps or over loss and backward."""

import numpy as np
import torch
import torch.nn.functional as F

from network import AsWritten, ChannelsFirst, batches_of, weights_of


def outputs(w, x, flat_last=False):
    """One run, [batch, ...], or several MLPs, [R, batch, ...]."""
    h, k = x, 0
    while f"c{k}" in w:
        h = F.relu(F.conv2d(h, w[f"c{k}"], w[f"d{k}"], stride=2, padding=1))
        k += 1
    if k:
        h = (h.permute(0, 2, 3, 1) if flat_last else h).reshape(h.shape[0], -1)
    k = 0
    while f"w{k}" in w:
        h = F.relu(h) if k else h
        a, b = w[f"w{k}"], w[f"b{k}"]
        h = torch.addmm(b, h, a) if a.dim() == 2 else torch.baddbmm(b, h, a)
        k += 1
    return h


def grouped_outputs(w, x):
    """Several convolutional runs as one grouped convolution: x [R, batch, 1, side, side]."""
    runs, batch = x.shape[:2]
    h, k = x.transpose(0, 1).reshape(batch, -1, *x.shape[3:]), 0
    while f"c{k}" in w:
        h = F.relu(F.conv2d(h, w[f"c{k}"].flatten(0, 1), w[f"d{k}"].flatten(), stride=2, padding=1, groups=runs))
        k += 1
    h = h.reshape(batch, runs, -1).transpose(0, 1)
    return torch.baddbmm(w["b0"], h, w["w0"])


def loss_of(w, x, y, network):
    if "p" in w:
        with torch.no_grad():
            target = network(w, y)
        made = network(w, x) @ w["p"]
    else:
        made, target = network(w, x), y
    apart = (made - target) ** 2
    return apart.mean() if apart.dim() == 2 else apart.mean((1, 2)).sum()


class Form:
    """`together`: one (runs one after the other), batched (bmm), grouped."""

    fixed = False

    def __init__(self, case, together, last=False):
        self.case, self.together, self.last = case, together, last
        images = case.model["kind"] == "convolutional"
        self.layout = ChannelsFirst(case, turned=True, flat_last=last) if images else AsWritten()
        self.runs = range(case.runs if together == "one" else 1)
        x, y = (torch.from_numpy(self.layout.images(a)) for a in batches_of(case))
        if together == "one":
            self.data = [[self.placed(a[r]) for a in (x, y)] for r in self.runs]
        else:
            self.data = [[a.transpose(0, 1).contiguous() for a in (x, y)]]
        self.network = grouped_outputs if together == "grouped" else lambda w, x: outputs(w, x, last)

    def placed(self, a):
        if self.last and a.dim() == 5:
            return a.permute(0, 1, 3, 4, 2).contiguous().permute(0, 1, 4, 2, 3)
        return a.contiguous()

    def start(self):
        """[[weights, momenta]] of each run that is trained for itself."""
        self.at = 0
        w = self.layout.weights(weights_of(self.case))
        tensor = lambda a: torch.from_numpy(np.ascontiguousarray(a)).clone()
        if self.together == "one":
            states = [{n: tensor(a[r]) for n, a in w.items()} for r in self.runs]
        else:
            states = [{n: tensor(a[:, None] if a.ndim == 2 and n[0] == "b" else a) for n, a in w.items()}]
        if self.last:
            states = [
                {n: a.contiguous(memory_format=torch.channels_last) if a.dim() == 4 else a for n, a in w.items()} for w in states]
        return [[w, {n: torch.zeros_like(a) for n, a in w.items()}] for w in states]

    def matrices(self, state):
        arrays = [{n: a.detach().numpy() for n, a in w.items()} for w, *_ in state]
        if self.together == "one":
            w = {n: np.stack([one[n] for one in arrays]) for n in arrays[0]}
        else:
            w = {n: a.reshape(self.case.runs, -1) if n[0] in "bd" else a for n, a in arrays[0].items()}
        w = self.layout.back(w)
        return [w[one["name"]] for one in self.case.parameters]


class Eager(Form):
    """Autograd, then momentum and weights: by torch._foreach, or by SGD(fused=True)."""

    def __init__(self, case, together, last=False, fused=False, compiled=None):
        super().__init__(case, together, last)
        self.chunk, self.fused = case.batches, fused
        loss = lambda w, x, y: loss_of(w, x, y, self.network)
        self.loss = loss if compiled is None else torch.compile(loss, dynamic=False, mode=compiled)

    def start(self):
        state = super().start()
        for one in state:
            for w in one[0].values():
                w.requires_grad_()
            one.append(torch.optim.SGD(one[0].values(), lr=0.1, momentum=self.case.momentum, fused=True) if self.fused else None)
        return state

    def advance(self, state, rate, updates):
        for run in self.runs:
            w, m, optimizer = state[run]
            x, y = self.data[run]
            weights, momenta = list(w.values()), list(m.values())
            if optimizer:
                optimizer.param_groups[0]["lr"] = rate
            for k in range(self.at, self.at + updates):
                k %= self.case.batches
                with torch.enable_grad():
                    loss = self.loss(w, x[k], y[k])
                    slopes = torch.autograd.grad(loss, weights)
                if optimizer:
                    for a, g in zip(weights, slopes):
                        a.grad = g
                    optimizer.step()
                else:
                    torch._foreach_mul_(momenta, self.case.momentum)
                    torch._foreach_add_(momenta, slopes)
                    torch._foreach_add_(weights, momenta, alpha=-rate)
        self.at += updates
        return state


class Compiled(Form):
    """torch.compile over `chunk` whole steps: forward, torch.func.grad and update in one graph."""

    fixed = True

    def __init__(self, case, together, last=False, chunk=4, mode=None):
        super().__init__(case, together, last)
        self.chunk = chunk
        slopes_of = torch.func.grad_and_value(lambda w, x, y: loss_of(w, x, y, self.network))

        def several(state, xs, ys, rate):
            losses = []
            for k in range(chunk):
                after = []
                for (w, m), x, y in zip(state, xs, ys):
                    slopes, loss = slopes_of(w, x[k], y[k])
                    m = {n: case.momentum * m[n] + slopes[n] for n in w}
                    after.append(({n: w[n] - rate * m[n] for n in w}, m))
                    losses.append(loss)
                state = after
            return state, torch.stack(losses)

        self.compiled = torch.compile(several, dynamic=False, mode=mode)

    def advance(self, state, rate, updates):
        at = self.at % self.case.batches
        xs, ys = ([a[k][at : at + updates] for a in self.data] for k in (0, 1))
        self.at += updates
        state = [(w, m) for w, m, *_ in state]
        state, self.losses = self.compiled(state, xs, ys, torch.tensor(rate))
        return state


def forms(case, _device):
    images = case.model["kind"] == "convolutional"
    table = {}
    ways = {"": "one"} if case.runs == 1 else {"one after the other": "one"}
    if case.runs > 1 and images:
        ways["grouped"] = "grouped"
    if case.runs > 1 and not images:
        ways = {"bmm": "batched"} if case.runs > 8 else {**ways, "bmm": "batched"}
    for title, together in ways.items():
        lead = f"{title}, " if title else ""
        chunk = 1 if case.runs > 1 and images else 4
        table[f"{lead}eager"] = lambda t=together: Eager(case, t)
        table[f"{lead}eager, fused SGD"] = lambda t=together: Eager(case, t, fused=True)
        table[f"{lead}torch.compile"] = lambda t=together, c=chunk: Compiled(case, t, chunk=c)
        if case.runs == 1:
            table["torch.compile, max-autotune"] = lambda: Compiled(case, "one", mode="max-autotune")
            table["torch.compile of the loss, fused SGD"] = lambda: Eager(case, "one", fused=True, compiled="default")
        if images and together == "one":
            table[f"{lead}channels last, eager"] = lambda: Eager(case, "one", last=True)
            table[f"{lead}channels last, torch.compile"] = lambda c=chunk: Compiled(case, "one", last=True, chunk=c)
    return table
