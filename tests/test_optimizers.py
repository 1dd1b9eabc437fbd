"""The optimizers are Keras's to the last digits, and the schedules are what they say."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.optimizers import SGD, Adam, RMSprop, cosine, one_cycle

SHAPES = [(4, 5), (7,), (), (3, 3, 2, 2)]
SIZES = [1, 1e-2, 1e-4, 1e-6]  # of the gradients: the small ones show where epsilon stands
PAIRS = {
    "SGD": (SGD, keras.optimizers.SGD, {"learning_rate": 0.05}),
    "momentum": (SGD, keras.optimizers.SGD, {"learning_rate": 0.05, "momentum": 0.9}),
    "Nesterov": (
        SGD,
        keras.optimizers.SGD,
        {"learning_rate": 0.05, "momentum": 0.9, "nesterov": True},
    ),
    "RMSprop": (RMSprop, keras.optimizers.RMSprop, {"learning_rate": 0.01, "rho": 0.8}),
    "RMSprop with momentum": (
        RMSprop,
        keras.optimizers.RMSprop,
        {"learning_rate": 0.01, "momentum": 0.9, "epsilon": 1e-5},
    ),
    "Adam": (Adam, keras.optimizers.Adam, {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.99}),
    "defaults of SGD": (SGD, keras.optimizers.SGD, {}),
    "defaults of RMSprop": (RMSprop, keras.optimizers.RMSprop, {}),
    "defaults of Adam": (Adam, keras.optimizers.Adam, {}),
}


def tensors(seed):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(np.float32) for shape in SHAPES]


def walk(optimizer, steps=100, apply=None, at=None):
    """Returns the variables after these steps on random gradients; at: {step: learning rate}."""
    ours = not isinstance(optimizer, keras.optimizers.Optimizer)
    variables = [(tf.Variable if ours else keras.Variable)(w) for w in tensors(0)]
    optimizer.build(variables)
    apply = apply or optimizer.apply
    for step in range(steps):
        if step in (at or {}):
            optimizer.learning_rate = at[step]
        apply(
            [tf.constant(size * g) for size, g in zip(SIZES, tensors(step + 1), strict=True)],
            variables,
        )
    return [variable.numpy() for variable in variables]


def assert_same(ours, keras):
    # atol: the variables are of size 1, and one that happens to be near 0 was rounded at that size
    for a, b in zip(ours, keras, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("name", PAIRS)
def test_100_steps_equal_those_of_keras(name, compiled):
    ours, theirs, options = PAIRS[name]
    optimizer = ours(**options)
    apply = tf.function(optimizer.apply, jit_compile=True) if compiled else None
    assert_same(walk(optimizer, apply=apply), walk(theirs(**options)))
    assert int(optimizer.iterations) == 100


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("name", ["SGD", "momentum", "RMSprop", "Adam"])
def test_the_learning_rate_can_be_changed_between_steps(name, compiled):
    ours, theirs, _ = PAIRS[name]
    optimizer, at = ours(0.1), {3: 0.01, 7: 0.5}
    apply = tf.function(optimizer.apply, jit_compile=True) if compiled else None
    assert_same(walk(optimizer, 10, apply, at), walk(theirs(0.1), 10, at=at))
    assert float(optimizer.learning_rate) == 0.5


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_schedule_sets_the_rate_of_each_step(name):
    ours, theirs, _ = PAIRS[name]
    optimizer = ours(cosine(0.1, 20))
    apply = tf.function(optimizer.apply, jit_compile=True)
    expected = walk(theirs(keras.optimizers.schedules.CosineDecay(0.1, 20)), 25)
    assert_same(walk(optimizer, 25, apply), expected)
    assert float(optimizer.learning_rate) == 0


def test_a_schedule_cannot_be_assigned_over():
    optimizer = SGD(cosine(0.1, 20))
    with pytest.raises(AttributeError, match="schedule"):
        optimizer.learning_rate = 0.1


def test_variables_and_gradients_of_different_number_are_refused():
    with pytest.raises(ValueError):
        SGD().apply([tf.zeros(2)], [tf.Variable([1.0, 2.0]), tf.Variable(3.0)])


def test_the_state_is_in_variables():
    optimizer = Adam()
    optimizer.build([tf.Variable(w) for w in tensors(0)])
    sizes = sorted(variable.shape.num_elements() for variable in optimizer.variables)
    assert sizes == sorted([1, 1] + 2 * [w.size for w in tensors(0)])


def test_cosine_is_that_of_keras():
    ours, theirs = cosine(0.3, 50), keras.optimizers.schedules.CosineDecay(0.3, 50)
    for step in range(60):
        np.testing.assert_allclose(ours(step), theirs(step), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("warmup", [0.1, 0.3, 0.5])
def test_one_cycle_rises_from_0_to_the_rate_and_falls_to_0(warmup):
    schedule = one_cycle(0.1, 100, warmup)
    rates = np.array([schedule(tf.constant(step)) for step in range(101)])
    peak = round(100 * warmup)
    np.testing.assert_allclose(rates[[0, peak, 100]], [0, 0.1, 0], atol=1e-7)
    np.testing.assert_allclose(np.diff(rates[: peak + 1]), 0.1 / peak, rtol=1e-4)
    np.testing.assert_allclose(np.diff(rates[peak:]), -0.1 / (100 - peak), rtol=1e-4)
    assert float(schedule(tf.constant(200))) == 0
