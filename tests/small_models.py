"""Two small networks, and what the tests of training do with them."""

import keras
import numpy as np
import tensorflow as tf

from shared import training
from shared.layers import BatchNorm, Dense, Dropout, he, leaky_relu
from shared.mnist import Split
from shared.training import fit


class Mlp(tf.Module):
    """A dense network; the arguments choose what else it has."""

    def __init__(self, seed=0, units=16, dropout=0.0, batch_norm=False, slope=0.0):
        super().__init__()
        rng = np.random.default_rng(seed)
        self.hidden, self.output = Dense(784, units, rng, he), Dense(units, 10, rng)
        self.norm = BatchNorm(units) if batch_norm else None
        self.dropout = Dropout(dropout, seed) if dropout else None
        self.slope = slope

    def __call__(self, x, training):
        x = self.hidden(tf.reshape(x, [-1, 784]))
        x = self.norm(x, training) if self.norm else x
        x = leaky_relu(x, self.slope)
        x = self.dropout(x, training) if self.dropout else x
        return self.output(x)

    def twin(self):
        """Returns the same network, with the same weights, as a Keras model."""
        layers = keras.layers
        hidden = layers.Dense(self.hidden.b.shape[0], "relu")
        twin = keras.Sequential([keras.Input((28, 28)), layers.Flatten(), hidden, layers.Dense(10)])
        twin.set_weights(self.trainable_variables)
        return twin


class Cnn(tf.Module):
    """A convolutional network; its variables are in alphabetical order, which is Keras's, too."""

    def __init__(self, seed=0):
        super().__init__()
        rng = np.random.default_rng(seed)
        self.filters = tf.Variable(he(rng, 9, 8).reshape(3, 3, 1, 8))
        self.filters_bias = tf.Variable(tf.zeros(8))
        self.output = Dense(13 * 13 * 8, 10, rng)

    def __call__(self, x, training):
        x = tf.nn.conv2d(x[..., None], self.filters, 1, "VALID") + self.filters_bias
        x = tf.nn.max_pool2d(tf.nn.relu(x), 2, 2, "VALID")
        return self.output(tf.reshape(x, [-1, 13 * 13 * 8]))

    def twin(self):
        """Returns the same network, with the same weights, as a Keras model."""
        layers = keras.layers
        convolution = [layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D()]
        twin = keras.Sequential(
            [keras.Input((28, 28, 1)), *convolution, layers.Flatten(), layers.Dense(10)]
        )
        twin.set_weights(self.trainable_variables)
        return twin


def first(split, n):
    return Split(split.images[:n], split.labels[:n])


def quietly(model, optimizer, *arguments, **options):
    """Trains without a progress line, and without XLA unless asked, as that compiles for long."""
    options = {"epochs": 2, "jit_compile": False, **options}
    return fit(model, optimizer, *arguments, verbose=False, **options)


def state(*parts):
    """Returns the values of all variables of these models and optimizers."""
    return [variable.numpy() for part in parts for variable in part.variables]


def metrics(history):
    """Returns what was measured, less the seconds."""
    return {key: values for key, values in history.history.items() if key != "seconds"}


def same(first, second):
    """Says whether two states are equal, bit for bit."""
    return [a.tobytes() for a in first] == [b.tobytes() for b in second]


def assert_close(first, second, rtol):
    """Compares arrays by the size of their difference, as a part of their own size."""
    for a, b in zip(first, second, strict=True):
        assert tf.norm(a - b) <= rtol * tf.norm(b)


def counted(monkeypatch):
    """Returns a list that grows by one each time that a step is compiled; none is kept so far."""
    monkeypatch.setattr(training, "_steps", {})
    compiled, compiling = [], training._compiled
    monkeypatch.setattr(
        training, "_compiled", lambda *rest: compiled.append(rest[0]) or compiling(*rest)
    )
    return compiled
