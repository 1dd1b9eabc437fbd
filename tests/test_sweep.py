"""A sweep computes what separate runs compute, and compiles no more than it must."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import Cnn, Mlp, counted, metrics, quietly, same, state

from shared import training
from shared.optimizers import SGD, Adam, cosine
from shared.training import sweep


class Ending(Mlp):
    """A model with something behind its last layer."""

    def __init__(self, end):
        super().__init__()
        self.end = end

    def __call__(self, x, training):
        return self.end(super().__call__(x, training))


class Tempered(Ending):
    """A model that differs when it is not training."""

    def __call__(self, x, training):
        z = Mlp.__call__(self, x, training)
        return z if training else z / self.end


def plus(constant):
    return lambda z: z + constant


def scaled_gradient(factor):
    """Returns the identity with a gradient that is this factor times what it should be."""

    @tf.custom_gradient
    def end(z):
        return tf.identity(z), lambda g: factor * g

    return end


SWEEPS = {  # what is built from a setting, the settings, how many times that has to be compiled
    "seeds": (lambda seed: (Mlp(seed, dropout=0.3, batch_norm=True), Adam()), (0, 1), 1),
    "rates": (lambda rate: (Mlp(), SGD(rate, 0.9)), (0.01, 0.1), 1),
    "convolutions": (lambda seed: (Cnn(seed), Adam()), (0, 1), 1),
    "slopes, which are constants": (lambda slope: (Mlp(slope=slope), Adam()), (0.0, 0.3), 2),
    "momenta, which are constants": (lambda value: (Mlp(), SGD(0.1, value)), (0.5, 0.9), 2),
    "sizes": (lambda units: (Mlp(units=units), Adam()), (8, 16), 2),
    "activations": (lambda end: (Ending(end), SGD(0.1)), (tf.nn.silu, tf.nn.elu, tf.nn.silu), 2),
    "closures": (lambda c: (Ending(lambda z: c * z), SGD(0.1)), (1.0, 2.0, 1.0), 2),
    "gradients of their own": (lambda c: (Ending(scaled_gradient(c)), SGD(0.1)), (1.0, 2.0), 2),
    "arrays": (lambda c: (Ending(lambda z: z + np.full(10, c)), SGD(0.1)), (1.0, 2.0, 1.0), 2),
    "tensors from outside": (lambda c: (Ending(plus(tf.constant(c))), SGD(0.1)), (1.0, 2.0), 2),
    "dropout rates": (lambda rate: (Mlp(dropout=rate), SGD(0.1)), (0.2, 0.5), 1),
    "schedules": (lambda rate: (Mlp(), SGD(cosine(rate, 20))), (0.1, 0.2, 0.1), 2),
    "inference alone": (lambda c: (Tempered(c), SGD(0.1)), (1.0, 2.0), 2),
    "Keras's optimizers": (lambda r: (Mlp(), keras.optimizers.Adam(r)), (0.01, 0.001), 1),
    "Keras's momenta": (lambda m: (Mlp(), keras.optimizers.SGD(0.1, m)), (0.5, 0.9), 2),
}


SLOW = (  # which differ from the others only in what is compiled or in how it is written down
    "convolutions",
    "slopes, which are constants",
    "sizes",
    "dropout rates",
    "Keras's optimizers",
    "momenta, which are constants",
    "closures",
    "gradients of their own",
    "arrays",
    "tensors from outside",
    "inference alone",
    "Keras's momenta",
)
CASES = [
    pytest.param(name, False, marks=[pytest.mark.slow] * (name in SLOW), id=name) for name in SWEEPS
]


@pytest.mark.parametrize("name, xla", [*CASES, pytest.param("rates", True, id="rates, XLA")])
def test_a_sweep_gives_the_bits_of_separate_runs_and_compiles_once(
    name, xla, train, validation, monkeypatch
):
    build, settings, compilations = SWEEPS[name]
    compiled = counted(monkeypatch)
    runs = list(sweep(build, settings, train, validation, epochs=2, jit_compile=xla))
    assert len(compiled) == compilations
    assert tuple(setting for setting, *_ in runs) == settings
    for setting, model, history in runs:
        alone, optimizer = build(setting)
        training._steps.clear()
        expected = quietly(alone, optimizer, train, validation, jit_compile=xla)
        assert metrics(history) == metrics(expected)
        assert same(state(model), state(alone))


def test_with_seeds_each_run_has_its_own_weights_order_and_masks(train, validation):
    def build(rate, seed):
        return Mlp(seed, dropout=0.3), SGD(rate)

    options = {"epochs": 2, "jit_compile": False}
    runs = list(sweep(build, [0.1, 0.01], train, validation, seeds=[5, 6], **options))
    assert [setting for setting, *_ in runs] == [(0.1, 5), (0.1, 6), (0.01, 5), (0.01, 6)]
    for (rate, seed), model, history in runs:
        alone, optimizer = build(rate, seed)
        expected = quietly(alone, optimizer, train, validation, seed=seed)
        assert metrics(history) == metrics(expected)
        assert metrics(model.history) == metrics(expected)
        assert same(state(model), state(alone))


def test_a_sweep_goes_on_after_a_run_that_diverges(train):
    rates = (0.1, 1e30, 0.1)
    runs = list(sweep(lambda rate: (Mlp(), SGD(rate)), rates, train, epochs=2, jit_compile=False))
    (_, before, history), (_, stopped, short), (_, after, again) = runs
    assert short.history == {}
    assert same(state(stopped), state(Mlp()))
    assert metrics(again) == metrics(history)
    assert same(state(before), state(after))
