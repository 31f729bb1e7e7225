"""Layouts of a row's weights and data: runs first, as the bench writes them, and as a framework takes them best."""

import numpy as np


def weights_of(case):
    """{name: [R, *shape]} in float32."""
    flat, at, found = case.array("weights", case.runs, -1), 0, {}
    for one in case.parameters:
        size = int(np.prod(one["shape"]))
        found[one["name"]] = np.ascontiguousarray(flat[:, at : at + size]).reshape(case.runs, *one["shape"])
        at += size
    return found


def batches_of(case):
    """x, y: [R, batches, batch, ...]."""
    return [case.array(n, case.runs, case.batches, case.batch, *case.samples[n]) for n in "xy"]


def inner_side(case):
    """Height and width of the last convolution's output."""
    side = case.model["side"]
    for _ in case.model["channels"]:
        side = -(-side // 2)
    return side


class ChannelsFirst:
    """NHWC to NCHW and back; the first dense layer's rows go with the flattened image.

    `turned`: images, filters and rows turned by 180 degrees, for a framework that pads on the other side. With "same" padding, stride 2
    and an even side the zeros lie behind the image; turned they lie before it, where PyTorch's padding=1 has them. `flat_last`: the rows
    stay (height, width, channel).
    """

    def __init__(self, case, turned=False, flat_last=False):
        self.turned, self.flat_last = turned, flat_last
        self.side, self.channels = inner_side(case), case.model["channels"][-1]

    def images(self, x):
        x = x[:, :, :, ::-1, ::-1] if self.turned else x
        return np.ascontiguousarray(np.moveaxis(x, -1, 3))

    def weights(self, weights):
        return {name: np.ascontiguousarray(self.there(name, w)) for name, w in weights.items()}

    def back(self, weights):
        return {name: np.ascontiguousarray(self.home(name, w)) for name, w in weights.items()}

    def there(self, name, w):
        if name.startswith("c"):
            w = w[:, ::-1, ::-1] if self.turned else w
            return w.transpose(0, 4, 3, 1, 2)
        if name == "w0":
            w = w.reshape(-1, self.side, self.side, self.channels, w.shape[-1])
            w = w[:, ::-1, ::-1] if self.turned else w
            w = w if self.flat_last else w.transpose(0, 3, 1, 2, 4)
            return w.reshape(w.shape[0], -1, w.shape[-1])
        return w

    def home(self, name, w):
        if name.startswith("c"):
            w = w.transpose(0, 3, 4, 2, 1)
            return w[:, ::-1, ::-1] if self.turned else w
        if name == "w0":
            last = self.flat_last
            w = w.reshape(w.shape[0], *((self.side, self.side, self.channels) if last else (self.channels, self.side, self.side)), -1)
            w = w if last else w.transpose(0, 2, 3, 1, 4)
            w = w[:, ::-1, ::-1] if self.turned else w
            return w.reshape(w.shape[0], -1, w.shape[-1])
        return w


class AsWritten:
    def images(self, x):
        return x

    def weights(self, weights):
        return weights

    def back(self, weights):
        return weights
