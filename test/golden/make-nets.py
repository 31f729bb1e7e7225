"""Golden losses and gradients of nets by JAX 0.10.2 in float64, and updates by PyTorch 2.15.0's optimisers.

    python -m venv V && V/bin/pip install jax==0.10.2 torch==2.15.0
    V/bin/python test/golden/make-nets.py > test/golden/net-cases.json

Weights and batches are numbers of a formula that the test has too: number k of tensor t is
((31 k^2 + 17 k + 101 t + 7) mod 257 - 128)/256, times a factor. Tensors are counted in the order of the case's list.
"""

import json

import jax
import jax.numpy as jnp
import numpy as np
import torch

jax.config.update("jax_enable_x64", True)
BATCH = 5


def numbers(t, shape, factor=1.0):
    k = np.arange(int(np.prod(shape)), dtype=np.int64)
    return (((31 * k * k + 17 * k + 101 * t + 7) % 257 - 128) / 256 * factor).reshape(shape)


def activate(name, x):
    if name == "relu":
        return jax.nn.relu(x)
    if name == "tanh":
        return jnp.tanh(x)
    if name == "gelu":
        return jax.nn.gelu(x, approximate=False)
    return x


def convolve(x, kernel, stride):
    return jax.lax.conv_general_dilated(x, kernel, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def normalise(x, axes):
    mean = x.mean(axes, keepdims=True)
    variance = ((x - mean) ** 2).mean(axes, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + 1e-5)


def finish(w, name, norm, activation, x, product, skip=None):
    y = product if norm == "batch" else product + w[f"{name}.bias"]
    if norm != "none":
        axes = tuple(range(1, y.ndim)) if norm == "layer" else tuple(range(y.ndim - 1))
        y = normalise(y, axes) * w[f"{name}.gain"] + w[f"{name}.shift"]
    if skip is not None:
        y = y + skip
    return activate(activation, y)


def mlp(model, w, x):
    x = x.reshape(x.shape[0], -1)
    for a in range(model["depth"]):
        product = x @ w[f"encoder.{a}.kernel"]
        x = finish(w, f"encoder.{a}", model.get("norm", "none"), model["activation"], x, product)
    a = model["depth"]
    return x @ w[f"encoder.{a}.kernel"] + w[f"encoder.{a}.bias"]


def convolutional(model, w, x):
    stride = model.get("stride", 2)
    for a, _ in enumerate(model["channels"]):
        name = f"encoder.{a}"
        product = convolve(x, w[f"{name}.kernel"], stride)
        skip = None
        if model.get("residual"):
            skip = x if product.shape == x.shape else convolve(x, w[f"{name}.skip"], stride)
        x = finish(w, name, model.get("norm", "none"), model["activation"], x, product, skip)
    x = x.mean((1, 2)) if model.get("pooling") == "average" else x.reshape(x.shape[0], -1)
    a = len(model["channels"])
    return x @ w[f"encoder.{a}.kernel"] + w[f"encoder.{a}.bias"]


def head(model, w, name, kind, h, shape, sides):
    if kind["kind"] == "transposed":
        return transposed(model, w, h, shape, sides)
    depth = kind.get("depth", 0)
    for a in range(depth):
        h = activate(model["activation"], h @ w[f"{name}.{a}.kernel"] + w[f"{name}.{a}.bias"])
    return (h @ w[f"{name}.{depth}.kernel"] + w[f"{name}.{depth}.bias"]).reshape((h.shape[0], *shape))


def transposed(model, w, h, shape, sides):
    """The transpose of each convolution is its own slope with respect to what it is given."""
    stride = model.get("stride", 2)
    h = activate(model["activation"], h @ w["decoder.0.kernel"] + w["decoder.0.bias"])
    h = h.reshape((h.shape[0], sides[-1], sides[-1], model["channels"][-1]))
    counts = [shape[2], *model["channels"]]
    for a in range(len(model["channels"])):
        side, channels = sides[-2 - a], counts[-2 - a]
        kernel = w[f"decoder.{a + 1}.kernel"]
        blank = jnp.zeros((h.shape[0], side, side, channels))
        _, back = jax.vjp(lambda image, k=kernel: convolve(image, k, stride), blank)
        h = back(h)[0] + w[f"decoder.{a + 1}.bias"]
        if a < len(model["channels"]) - 1:
            h = activate(model["activation"], h)
    return h


def shapes_of(case):
    """Names and shapes of the weights, in order."""
    model, shape = case["model"], case["shape"]
    out = []

    def dense(name, before, after):
        out.extend([(f"{name}.kernel", [before, after]), (f"{name}.bias", [after])])

    def normed(name, kernel, after, norm):
        out.append((f"{name}.kernel", kernel))
        if norm != "batch":
            out.append((f"{name}.bias", [after]))
        if norm != "none":
            out.extend([(f"{name}.gain", [after]), (f"{name}.shift", [after])])

    norm, k = model.get("norm", "none"), model.get("kernel", 3)
    sides = [shape[0]]
    if model["kind"] == "mlp":
        before = int(np.prod(shape))
        for a in range(model["depth"]):
            normed(f"encoder.{a}", [before, model["width"]], model["width"], norm)
            before = model["width"]
        outputs = model.get("outputs", model["width"])
        dense(f"encoder.{model['depth']}", before, outputs)
    else:
        channels = shape[2]
        for a, count in enumerate(model["channels"]):
            side = -(-sides[-1] // model.get("stride", 2))
            normed(f"encoder.{a}", [k, k, channels, count], count, norm)
            if model.get("residual") and (side, count) != (sides[-1], channels):
                out.append((f"encoder.{a}.skip", [1, 1, channels, count]))
            sides.append(side)
            channels = count
        pooled = channels if model.get("pooling") == "average" else channels * sides[-1] ** 2
        outputs = model.get("outputs", 64)
        dense(f"encoder.{len(model['channels'])}", pooled, outputs)
    is_jepa = case["objective"] == "jepa"
    name = "predictor" if is_jepa else "decoder"
    kind = model.get(name, {"kind": "linear"})
    if kind["kind"] == "transposed":
        dense("decoder.0", outputs, sides[-1] ** 2 * model["channels"][-1])
        counts = [shape[2], *model["channels"]]
        for a in range(len(model["channels"])):
            before, after = counts[-1 - a], counts[-2 - a]
            out.extend([(f"decoder.{a + 1}.kernel", [k, k, after, before]), (f"decoder.{a + 1}.bias", [after])])
    else:
        before = outputs
        for a in range(kind.get("depth", 0)):
            dense(f"{name}.{a}", before, kind["width"])
            before = kind["width"]
        dense(f"{name}.{kind.get('depth', 0)}", before, outputs if is_jepa else int(np.prod(shape)))
    return out, sides


def loss_of(case, w, target, x, y, sides):
    model, shape = case["model"], case["shape"]
    encode = mlp if model["kind"] == "mlp" else convolutional
    options = case.get("loss", {})
    h = encode(model, w, x)
    is_jepa = case["objective"] == "jepa"
    name = "predictor" if is_jepa else "decoder"
    guess = head(model, w, name, model.get(name, {"kind": "linear"}), h, [h.shape[1]] if is_jepa else shape, sides)
    wanted = jax.lax.stop_gradient(encode(model, w if target is None else target, y)) if is_jepa else y
    missed = guess - wanted
    if options.get("pixels") == "masked":
        missed = missed * (x == 0)
    total = (missed**2).sum() / (2 * x.shape[0])
    centred = h - h.mean(0, keepdims=True)
    moments = centred.T @ centred / (h.shape[0] - 1)
    variances = jnp.diag(moments)
    narrow = jax.nn.relu(1 - jnp.sqrt(variances + 1e-4)).mean()
    shared = ((moments**2).sum() - (variances**2).sum()) / h.shape[1]
    return total + options.get("variance", 0) * narrow + options.get("covariance", 0) * shared


def cases():
    small = {"kind": "mlp", "depth": 2, "width": 6, "outputs": 3}
    image = {"kind": "convolutional", "channels": [3, 4], "outputs": 3}
    two = {"kind": "mlp", "width": 5, "depth": 1}
    for objective in ["jepa", "mae"]:
        for activation in ["linear", "relu", "tanh", "gelu"]:
            yield objective, {**small, "activation": activation}, [4], {}
        heads = {"predictor": two, "decoder": two}
        yield objective, {**small, "activation": "tanh", "norm": "layer", **heads}, [4], {}
        yield objective, {**small, "activation": "gelu"}, [4], {"variance": 0.5, "covariance": 2}
        for activation in ["relu", "gelu"]:
            yield objective, {**image, "activation": activation}, [7, 7, 2], {}
        for norm in ["batch", "layer"]:
            rest = {"norm": norm, "pooling": "average", "residual": True, **heads}
            yield objective, {**image, "activation": "tanh", **rest}, [8, 8, 1], {}
        rest = {"stride": 1, "residual": True, "norm": "batch", "channels": [3, 3], "kernel": 5}
        yield objective, {**image, "activation": "gelu", **rest}, [5, 5, 3], {}
    yield "jepa", {**small, "activation": "relu"}, [4], {"target": {"ema": 0.9}}
    yield "mae", {**small, "activation": "relu"}, [4], {"pixels": "masked"}
    yield "mae", {**image, "activation": "relu", "decoder": {"kind": "transposed"}}, [7, 7, 2], {}
    yield "mae", {**image, "activation": "gelu", "kernel": 4, "decoder": {"kind": "transposed"}}, [9, 9, 1], {"pixels": "masked"}


def short(values):
    return [float(f"{v:.9g}") for v in np.asarray(values).ravel()]


def net_case(objective, model, shape, options):
    case = {"objective": objective, "model": model, "shape": shape, "loss": options}
    shapes, sides = shapes_of(case)
    w = {name: numbers(t, s, 1.5) for t, (name, s) in enumerate(shapes)}
    target = None
    if "target" in options:
        target = {name: numbers(t + 50, s, 1.2) for t, (name, s) in enumerate(shapes)}
    x, y = numbers(90, [BATCH, *shape], 2.0), numbers(91, [BATCH, *shape], 2.0)
    if options.get("pixels") == "masked":
        x = np.where(numbers(92, x.shape) > 0, x, 0.0)
    value, slopes = jax.value_and_grad(lambda weights: loss_of(case, weights, target, x, y, sides))(
        {name: jnp.asarray(a) for name, a in w.items()}
    )
    return {
        **case,
        "weights": [[name, s] for name, s in shapes],
        "value": float(f"{value:.12g}"),
        "gradient": {name: short(slopes[name]) for name, _ in shapes},
    }


def update_case(training, make):
    """Four updates of a kernel [3][2] and a bias [2] by given slopes; PyTorch decays kernels alone when told so."""
    kernel, bias = (torch.nn.Parameter(torch.tensor(numbers(t, s))) for t, s in [(0, [3, 2]), (1, [2])])
    decay = training.get("weightDecay", 0)
    groups = [{"params": [kernel], "weight_decay": decay}, {"params": [bias], "weight_decay": 0}]
    optimizer = make(groups)
    for step in range(4):
        kernel.grad = torch.tensor(numbers(10 + 2 * step, [3, 2], 3.0))
        bias.grad = torch.tensor(numbers(11 + 2 * step, [2], 3.0))
        if "clip" in training:
            torch.nn.utils.clip_grad_norm_([kernel, bias], training["clip"])
        optimizer.step()
    return {"training": training, "kernel": short(kernel.detach().numpy()), "bias": short(bias.detach().numpy())}


def updates():
    adam = {"kind": "adam", "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6}
    adamw = {**adam, "kind": "adamw"}
    options = {"betas": (0.8, 0.95), "eps": 1e-6}
    optim = torch.optim
    yield {"learningRate": 0.1}, lambda p: optim.SGD(p, lr=0.1)
    yield {"learningRate": 0.1, "momentum": 0.9, "clip": 0.5}, lambda p: optim.SGD(p, lr=0.1, momentum=0.9)
    yield {"learningRate": 0.1, "momentum": 0.5, "weightDecay": 0.2}, lambda p: optim.SGD(p, lr=0.1, momentum=0.5)
    yield {"learningRate": 0.1, "optimizer": adam}, lambda p: optim.Adam(p, lr=0.1, **options)
    yield {"learningRate": 0.1, "optimizer": adam, "weightDecay": 0.2}, lambda p: optim.Adam(p, lr=0.1, **options)
    yield {"learningRate": 0.1, "optimizer": adamw, "weightDecay": 0.2}, lambda p: optim.AdamW(p, lr=0.1, **options)


nets = [net_case(*case) for case in cases()]
print("{")
print('"batch":', BATCH, ',\n"nets": [')
print(",\n".join(json.dumps(case) for case in nets))
print('],\n"updates": [')
print(",\n".join(json.dumps(update_case(*case)) for case in updates()))
print("]}")
