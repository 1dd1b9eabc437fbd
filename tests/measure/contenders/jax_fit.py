"""JAX as it is fast: an epoch is one compiled call, a scan over the batches; Adam is Optax's."""

import numpy as np

from contenders.architectures import floats


def jax_scan(architecture, train):
    import jax
    import optax
    from jax import lax
    from jax import numpy as jnp

    kernels, dense = architecture.kernels()
    rng = np.random.default_rng(0)

    def initial(shape):
        limit = np.sqrt(6 / (np.prod(shape[:-1]) + shape[-1] * np.prod(shape[:-2])))
        return jnp.asarray(rng.uniform(-limit, limit, shape), jnp.float32), jnp.zeros(shape[-1])

    def logits(weights, x):
        for kernel, bias in weights[: len(kernels)]:
            numbers = ("NHWC", "HWIO", "NHWC")
            x = lax.conv_general_dilated(
                x, kernel, (1, 1), architecture.padding.upper(), dimension_numbers=numbers
            )
            x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
            x = jax.nn.relu(x + bias)
        x = x.reshape(len(x), -1)
        for w, bias in weights[len(kernels) : -1]:
            x = jax.nn.relu(x @ w + bias)
        w, bias = weights[-1]
        return x @ w + bias

    def loss(weights, x, y):
        z = logits(weights, x)
        losses = optax.softmax_cross_entropy_with_integer_labels(z, y)
        return losses.mean(), (losses.sum(), (z.argmax(1) == y).sum())

    images, labels = map(jnp.asarray, floats(train))
    labels = labels.astype(jnp.int32)
    weights = [initial(shape) for shape in [*kernels, *dense]]
    adam = optax.adam(1e-3)
    state = weights, adam.init(weights)

    def step(state, batch):
        weights, memory = state
        gradient, sums = jax.grad(loss, has_aux=True)(weights, images[batch], labels[batch])
        update, memory = adam.update(gradient, memory)
        return (optax.apply_updates(weights, update), memory), sums

    whole = len(labels) // architecture.batch_size * architecture.batch_size

    @jax.jit
    def train_epoch(state, order):
        batches = order[:whole].reshape(-1, architecture.batch_size)
        state, (losses, correct) = lax.scan(step, state, batches)
        losses, correct = losses.sum(), correct.sum()
        if whole < len(order):  # the last, smaller batch
            state, (last_loss, last_correct) = step(state, order[whole:])
            losses, correct = losses + last_loss, correct + last_correct
        return state, losses / len(order), correct / len(order)

    def epoch():
        nonlocal state
        order = rng.permutation(len(labels)).astype(np.int32)
        state, epoch_loss, accuracy = train_epoch(state, order)
        return float(epoch_loss), float(accuracy)

    return epoch
