"""The population gradient of deep linear JEPA with a diagonal Sxx and Syx (docs/theory.md, section 1).

Written once for every layout: `nn(A, B)` is A B, `nt` A B', `tn` A' B, and `s`, `l` broadcast over a residual's rows.
"""


def gradients(layers, decoder, s, l, nn, nt, tn):
    """[dW1 ... dWL], dV of layers [W1 ... WL] and decoder V."""
    products = [layers[0]]
    for w in layers[1:]:
        products.append(nn(w, products[-1]))
    residual = nn(decoder, products[-1]) * s - products[-1] * l
    return backward(layers, decoder, products, residual, nt, tn)


def backward(layers, decoder, products, residual, nt, tn):
    """The same from a residual R, for a residual that was made of a batch."""
    down = tn(decoder, residual)
    slopes = [None] * len(layers)
    for a in range(len(layers) - 1, 0, -1):
        slopes[a] = nt(down, products[a - 1])
        down = tn(layers[a], down)
    slopes[0] = down
    return slopes, nt(residual, products[-1])


def unrolled_products():
    """Products as a written-out sum over k, runs in the last axis: [i, k, R], [k, j, R] -> [i, j, R]."""

    def total(terms):
        result = terms[0]
        for term in terms[1:]:
            result = result + term
        return result

    def nn(a, b):
        return total([a[:, k, None] * b[None, k] for k in range(a.shape[1])])

    def nt(a, b):
        return total([a[:, None, k] * b[None, :, k] for k in range(a.shape[1])])

    def tn(a, b):
        return total([a[k, :, None] * b[k, None] for k in range(a.shape[0])])

    return nn, nt, tn


def summed_products():
    """The same as one broadcast product and a sum over its middle axis, which compilers fuse."""
    return (
        lambda a, b: (a[:, :, None] * b[None]).sum(1),
        lambda a, b: (a[:, None] * b[None]).sum(2),
        lambda a, b: (a[:, :, None] * b[:, None]).sum(0),
    )


def rows_products():
    """Written out over k with the runs first: [R, i, k], [R, k, j]; SIMD goes along j."""

    def nn(a, b):
        result = a[:, :, 0, None] * b[:, 0, None]
        for k in range(1, a.shape[2]):
            result = result + a[:, :, k, None] * b[:, k, None]
        return result

    turned = lambda a: a.swapaxes(1, 2)
    return nn, lambda a, b: nn(a, turned(b)), lambda a, b: nn(turned(a), b)
