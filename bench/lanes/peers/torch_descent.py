"""PyTorch's forms of population descent.

A form is a class: `start()` gives a state, `advance(state, rate, updates)` trains it on, `matrices(state)` reads it.
`chunk` is how many updates a call takes best; where `fixed`, the only number it takes.
"""

import numpy as np
import torch

from gradient import gradients, summed_products, unrolled_products

BATCHED = (torch.bmm, lambda a, b: torch.bmm(a, b.mT), lambda a, b: torch.bmm(a.mT, b))
SINGLE = (torch.mm, lambda a, b: torch.mm(a, b.mT), lambda a, b: torch.mm(a.mT, b))


class Eager:
    """bmm (mm for one run) with the update fused into the product (baddbmm_) and every buffer made beforehand."""

    fixed = False

    def __init__(self, case, device, single=False, part=slice(None)):
        self.device, self.single, self.part = device, single, part
        self.chunk = 20 if case.runs * case.features**3 < 1e7 else 4
        self.case, self.bmm = case, torch.mm if single else torch.bmm
        s, l = (torch.from_numpy(case.array(n, case.runs, 1, case.features)[part]).to(device) for n in ("sxx", "syx"))
        self.s, self.l = (s[0], l[0]) if single else (s, l)
        d, lead = case.features, () if single else (len(s),)
        make = lambda: torch.empty(*lead, d, d, device=device)
        self.products = [make() for _ in range(case.depth)]
        self.residual, self.target, self.downs = make(), make(), [make(), make()]

    def start(self):
        state = [torch.from_numpy(m[self.part]).to(self.device) for m in self.case.matrices()]
        return [m[0].contiguous() for m in state] if self.single else state

    def advance(self, state, rate, updates):
        for _ in range(updates):
            self.step(state, -rate)
        return state

    def step(self, state, minus):
        *layers, v = state
        add = (lambda w, a, b: w.addmm_(a, b, alpha=minus)) if self.single else (
            lambda w, a, b: w.baddbmm_(a, b, alpha=minus))
        products = [layers[0], *self.products[1:]]
        for a in range(1, len(layers)):
            self.bmm(layers[a], products[a - 1], out=products[a])
        encoder, r = products[-1], self.residual
        self.bmm(v, encoder, out=r)
        torch.mul(encoder, self.l, out=self.target)
        r.mul_(self.s).sub_(self.target)
        down, spare = self.downs
        self.bmm(v.mT, r, out=down)
        add(v, r, encoder.mT)
        for a in range(len(layers) - 1, 0, -1):
            self.bmm(layers[a].mT, down, out=spare)
            add(layers[a], down, products[a - 1].mT)
            down, spare = spare, down
        layers[0].add_(down, alpha=minus)

    def matrices(self, state):
        return [(m[None] if self.single else m).cpu().numpy() for m in state]


class Slices:
    """Eager, `size` runs at a time through all updates of a call, as ours takes them: what they work on stays near the cores."""

    fixed, chunk = False, 10

    def __init__(self, case, device, size):
        self.parts = [Eager(case, device, part=slice(at, at + size)) for at in range(0, case.runs, size)]

    def start(self):
        return [part.start() for part in self.parts]

    def advance(self, state, rate, updates):
        for part, own in zip(self.parts, state):
            part.advance(own, rate, updates)
        return state

    def matrices(self, state):
        each = [part.matrices(own) for part, own in zip(self.parts, state)]
        return [np.concatenate(runs) for runs in zip(*each)]


class Compiled:
    """torch.compile over `chunk` updates, float32 tensors as they lie in `layout`."""

    fixed = True

    def __init__(self, case, device, products, layout, chunk, mode=None):
        self.case, self.device, self.layout, self.chunk = case, device, layout, chunk
        s, l = (torch.from_numpy(case.array(n, case.runs, 1, case.features)).to(device) for n in ("sxx", "syx"))
        s, l = self.laid(s), self.laid(l)

        def advance(state, rate):
            for _ in range(chunk):
                *layers, v = state
                slopes, last = gradients(layers, v, s, l, *products)
                state = [w - rate * g for w, g in zip(state, [*slopes, last])]
            return state

        self.compiled = torch.compile(advance, dynamic=False, mode=mode)

    def laid(self, m):
        if self.layout == "single":
            return m[0].contiguous()
        return m.permute(1, 2, 0).contiguous() if self.layout == "last" else m

    def start(self):
        return [self.laid(torch.from_numpy(m).to(self.device)) for m in self.case.matrices()]

    def advance(self, state, rate, _updates):
        return self.compiled(state, torch.tensor(rate, device=self.device))

    def matrices(self, state):
        back = {"single": lambda m: m[None], "last": lambda m: m.permute(2, 0, 1), "first": lambda m: m}
        return [back[self.layout](m).cpu().numpy() for m in state]


def forms(case, device):
    """name -> maker. Written-out sums over k are left out where d makes them too long to compile."""
    r, d = case.runs, case.features
    several = 10 if r * d**3 < 1e6 else 2  # a call costs little beside an update of large products
    sums = 50 if d <= 4 and r >= 64 else 20 if d <= 8 else 10 if d <= 16 else 2
    table = {}
    if r == 1:
        table["mm, eager"] = lambda: Eager(case, device, single=True)
        table["mm, torch.compile"] = lambda: Compiled(case, device, SINGLE, "single", several)
    else:
        table["bmm, eager"] = lambda: Eager(case, device)
        if d >= 32 and r > 16:
            table["bmm, eager, 16 runs at a time"] = lambda: Slices(case, device, 16)
        table["bmm, torch.compile"] = lambda: Compiled(case, device, BATCHED, "first", several)
    if d <= 32:
        table["runs last, sums, torch.compile"] = lambda: Compiled(
            case, device, summed_products(), "last", sums)
    if d <= 16:
        table["runs last, unrolled, torch.compile"] = lambda: Compiled(
            case, device, unrolled_products(), "last", 10 if d <= 8 else 2)
    return table
