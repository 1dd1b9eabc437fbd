"""Our own loop, and what else is measured of it."""

import contextlib
import functools
import itertools
import math
import os
import sys
import time

import numpy as np

from contenders.architectures import MLP, SMALL_MLP


def network(architecture, seed=0):
    """Returns the architecture as a model of ours, made of a variable per kernel and Dense layers.

    Bias and ReLU come after the pooling: the maximum of four stays the maximum when the same number
    is added to all four and when ReLU is taken, and there is a quarter of the work left.
    """
    import tensorflow as tf

    from shared.layers import Dense

    class Network(tf.Module):
        def __init__(self, rng):
            super().__init__()
            kernels, dense = architecture.kernels()
            self.kernels = [tf.Variable(_glorot(rng, shape)) for shape in kernels]
            self.biases = [tf.Variable(tf.zeros(shape[-1])) for shape in kernels]
            self.dense = [Dense(*shape, rng) for shape in dense]

        def __call__(self, x, training):
            a = x[..., tf.newaxis]
            for kernel, bias in zip(self.kernels, self.biases, strict=True):
                z = tf.nn.conv2d(a, kernel, 1, architecture.padding.upper())
                a = tf.nn.relu(tf.nn.max_pool2d(z, 2, 2, "VALID") + bias)
            a = tf.reshape(a, [-1, self.dense[0].W.shape[0]])
            for layer in self.dense[:-1]:
                a = tf.nn.relu(layer(a))
            return self.dense[-1](a)

    return Network(np.random.default_rng(seed))


def _glorot(rng, shape):
    """Returns initial kernels; every place under the kernel counts as one input or output."""
    from shared.layers import xavier

    *width, channels, filters = shape
    area = math.prod(width)
    return xavier(rng, area * channels, area * filters)[:, :filters].reshape(shape)


def ours(architecture, train):
    from shared import optimizers, training

    model, optimizer = network(architecture), optimizers.Adam(1e-3)
    return lambda: training.fit(
        model, optimizer, train, epochs=1, batch_size=architecture.batch_size, verbose=False
    )


def eager(architecture, train):
    """The same step, uncompiled: what the loop of a first tutorial does."""
    import tensorflow as tf

    from shared import optimizers, training

    model, optimizer = network(architecture), optimizers.Adam(1e-3)
    variables = model.trainable_variables
    optimizer.build(variables)
    step = training._step(model, variables, lambda gradients: optimizer.apply(gradients, variables))

    def epoch():
        order = training.batch_order(len(train.labels), 0, int(optimizer.iterations))
        loss, correct = 0.0, 0
        for start in range(0, len(order), architecture.batch_size):
            batch = order[start : start + architecture.batch_size]
            sums = step(tf.constant(train.images[batch]), tf.constant(train.labels[batch]))
            loss, correct = loss + float(sums[0]), correct + int(sums[1])
        return loss / len(order), correct / len(order)

    return epoch


def ours_99(architecture, train, test):
    """Returns a function that trains the next seed: (seconds, test accuracy)."""
    from shared import optimizers, training

    steps = math.ceil(len(train.labels) / architecture.batch_size)

    def build(seed):
        rate = optimizers.one_cycle(0.01, steps)
        return network(architecture, seed), optimizers.Adam(rate, beta_1=0.7, beta_2=0.9)

    def runs():
        options = {"epochs": 1, "batch_size": architecture.batch_size}
        for _, model, history in training.sweep(build, itertools.count(), train, **options):
            yield history.history["seconds"][0], training.evaluate(model, test)[1]

    return functools.partial(next, runs())


def build_mlp(rate):
    from shared import optimizers

    return network(MLP), optimizers.Adam(rate)


SETTINGS = [(rate, seed) for rate in (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2) for seed in range(8)]


def build_small(setting):
    from shared import optimizers

    rate, seed = setting
    return network(SMALL_MLP, seed), optimizers.Adam(rate)


def clock_tracing():
    """Lets the tracing and comparing of models count its seconds; returns the list of these."""
    from shared import tracing

    seconds = []

    def counting(function):
        def counted(*args):
            began = time.perf_counter()
            try:
                return function(*args)
            finally:
                seconds.append(time.perf_counter() - began)

        return counted

    for name in ("step", "exchangeable", "exchange"):
        setattr(tracing, name, counting(getattr(tracing, name)))
    return seconds


def sweep(train):
    """Returns a function that trains all settings.

    It returns the seconds of their epochs, of the first run beside its epochs, and of tracing
    every model and comparing it with those before.
    """
    from shared import training

    traced = clock_tracing()

    def run():
        traced.clear()
        began, epochs = time.perf_counter(), 0.0
        for number, (*_, history) in enumerate(
            training.sweep(build_small, SETTINGS, train, epochs=4)
        ):
            epochs += sum(history.history["seconds"])
            if number == 0:
                outside = time.perf_counter() - began - epochs  # mostly compilation
        return epochs, outside, sum(traced)

    return run


def separate_fits(train):
    """The same as `sweep`, each setting a call of `fit`."""
    from shared import training

    traced = clock_tracing()

    def run():
        traced.clear()
        epochs, outside = 0.0, None
        for setting in SETTINGS:
            began = time.perf_counter()
            history = training.fit(*build_small(setting), train, epochs=4, verbose=False)
            epochs += sum(history.history["seconds"])
            outside = outside or time.perf_counter() - began - epochs
        return epochs, outside, sum(traced)

    return run


def memory():
    """Returns a function that does what a notebook does, and returns the most bytes it ever had."""
    import resource

    from shared import mnist, plotting, training  # noqa: F401

    def run():
        data = mnist.load()
        training.fit(*build_mlp(1e-3), data.train, data.validation, epochs=2, verbose=False)
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

    return run


def progress(train):
    """Returns a function that trains an epoch showing progress and one silently: the ratio."""
    from shared import training

    model, optimizer = build_mlp(1e-3)

    def seconds(verbose):
        began = time.perf_counter()
        with open(os.devnull, "w") as devnull, contextlib.redirect_stdout(devnull):
            training.fit(model, optimizer, train, epochs=1, verbose=verbose)
        return time.perf_counter() - began

    return lambda: seconds(True) / seconds(False)
