"""Forward and backward of one run's MLP n0-w-...-n0 with tanh in the hidden layers, for a layout's products.

Loss: mean over the rows of |u - y|^2 / 2, layers with biases: native/lanes/mlp/mlp.h, LANES_MAE, the last layer the decoder.
"""


def slopes_of(weights, biases, x, y, tanh, product, turned, outer, rows_sum):
    """[dW], [db] for rows x, y. product(h, W) is h W', turned(g, W) is g W, outer(g, h) is g' h."""
    h = [x]
    for w, b in zip(weights[:-1], biases[:-1]):
        h.append(tanh(product(h[-1], w) + b))
    g = (product(h[-1], weights[-1]) + biases[-1] - y) / x.shape[-2]
    dw, db = [], []
    for a in range(len(weights) - 1, -1, -1):
        dw.insert(0, outer(g, h[a]))
        db.insert(0, rows_sum(g))
        if a > 0:
            g = turned(g, weights[a]) * (1 - h[a] * h[a])
    return dw, db
