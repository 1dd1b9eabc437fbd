"""Each part of a network equals Keras's, its gradients are what finite differences say, and what
it is given by mistake it refuses before TensorFlow sees it."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from shared.layers import (
    BatchNorm,
    ChannelNorm,
    Conv,
    Dense,
    Dropout,
    Shift,
    he,
    leaky_relu,
    xavier,
)
from shared.training import cross_entropy


def normal(*shape, seed=0, dtype=np.float32):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def assert_same(ours, keras):
    np.testing.assert_allclose(ours, keras, rtol=1e-5, atol=1e-5)


# Initial weights


@pytest.mark.parametrize("init, variance", [(xavier, 2 / (300 + 500)), (he, 2 / 300)])
def test_initial_weights_have_mean_0_and_the_documented_variance(init, variance):
    weights = init(np.random.default_rng(0), 300, 500)
    assert (weights.shape, weights.dtype) == ((300, 500), np.float32)
    # Five standard errors; that of a variance is at most (a normal's) sqrt(2 / n) of it.
    assert abs(weights.mean()) < 5 * np.sqrt(variance / weights.size)
    assert weights.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / weights.size))


def test_xavier_fills_its_interval_evenly():
    weights = xavier(np.random.default_rng(0), 300, 500)
    limit = np.sqrt(6 / 800)
    assert np.abs(weights).max() == pytest.approx(limit, rel=1e-3)
    counts, _ = np.histogram(weights, bins=10, range=(-limit, limit))
    np.testing.assert_allclose(counts, weights.size / 10, rtol=0.05)


@pytest.mark.parametrize("init", [xavier, he])
def test_the_generator_decides_the_initial_weights(init):
    first, second = (np.random.default_rng(3) for _ in range(2))
    np.testing.assert_array_equal(init(first, 4, 5), init(second, 4, 5))
    assert np.any(init(first, 4, 5) != init(np.random.default_rng(3), 4, 5))


# Equal to Keras


def test_dense_is_that_of_keras():
    ours, theirs, x = Dense(20, 30, np.random.default_rng(0)), keras.layers.Dense(30), normal(8, 20)
    ours.b.assign(normal(30, seed=1))
    theirs.build((None, 20))
    theirs.set_weights([ours.W, ours.b])
    assert_same(ours(x), theirs(x))


def test_batch_norm_is_that_of_keras_while_training_and_after():
    ours, theirs = BatchNorm(20), keras.layers.BatchNormalization()
    ours.gamma.assign(normal(20, seed=1))
    ours.beta.assign(normal(20, seed=2))
    theirs.build((None, 20))
    theirs.set_weights([ours.gamma, ours.beta, ours.moving_mean, ours.moving_variance])
    for step in range(5):
        x = 3 * normal(32, 20, seed=step) + 2
        assert_same(ours(x, training=True), theirs(x, training=True))
    assert_same(ours.moving_mean, theirs.moving_mean)
    assert_same(ours.moving_variance, theirs.moving_variance)
    assert_same(ours(x, training=False), theirs(x, training=False))


def test_batch_norm_changes_nothing_when_not_training():
    layer = BatchNorm(4)
    layer(normal(8, 4), training=False)
    np.testing.assert_array_equal(layer.moving_mean, np.zeros(4))
    np.testing.assert_array_equal(layer.moving_variance, np.ones(4))


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("pool", [True, False])
def test_conv_is_that_of_keras_and_its_pooling(pool, padding):
    ours, x = Conv(3, 5, 7, np.random.default_rng(0), pool, padding), normal(2, 8, 8, 5)
    theirs = keras.layers.Conv2D(7, 3, padding=padding.lower(), use_bias=False)
    theirs.build(x.shape)
    theirs.set_weights([ours.K])
    expected = keras.layers.MaxPooling2D()(theirs(x)) if pool else theirs(x)
    assert_same(ours(x), expected)


def test_channel_norm_is_that_of_keras_while_training_and_after():
    ours, theirs = ChannelNorm(5), keras.layers.BatchNormalization()
    ours.gamma.assign(normal(5, seed=1))
    ours.beta.assign(normal(5, seed=2))
    theirs.build((None, 4, 4, 5))
    theirs.set_weights([ours.gamma, ours.beta, ours.moving_mean, ours.moving_variance])
    for step in range(5):
        x = 3 * normal(8, 4, 4, 5, seed=step) + 2
        assert_same(ours(x, training=True), theirs(x, training=True))
    assert_same(ours.moving_mean, theirs.moving_mean)
    assert_same(ours.moving_variance, theirs.moving_variance)
    assert_same(ours(x, training=False), theirs(x, training=False))


@pytest.mark.parametrize("slope", [0.0, 0.01, 0.3])
def test_leaky_relu_is_that_of_keras(slope):
    z = np.append(normal(100), np.float32([0.0, -0.0]))
    assert_same(leaky_relu(z, slope), keras.layers.LeakyReLU(slope)(z))


# Dropout


def test_dropout_does_nothing_when_not_training():
    x = normal(8, 20)
    layer = Dropout(0.5, seed=0)
    np.testing.assert_array_equal(layer(x, training=False), x)
    np.testing.assert_array_equal(layer.seed, [0, 0])


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_drops_its_part_and_scales_the_rest(rate):
    x = 1 + np.abs(normal(1000, 100))
    y = Dropout(rate, seed=0)(x, training=True).numpy()
    kept = y != 0
    np.testing.assert_allclose(y[kept], x[kept] / (1 - rate), rtol=1e-6)
    # Five standard deviations of the binomial distribution.
    assert abs(kept.mean() - (1 - rate)) < 5 * np.sqrt(rate * (1 - rate) / kept.size)


def test_dropout_at_rate_0_keeps_all():
    x = normal(8, 20)
    np.testing.assert_array_equal(Dropout(0.0, seed=0)(x, training=True), x)


def test_dropout_keeps_the_expected_value_of_each_unit():
    x = tf.constant([[-2.0, -1.0, 0.0, 1.0, 5.0]])
    mean = np.mean(Dropout(0.5, seed=0)(tf.repeat(x, 10_000, axis=0), training=True), axis=0)
    # At rate 1/2 the standard deviation of an activation is its size.
    assert np.all(np.abs(mean - x[0]) <= 5 * np.abs(x[0]) / np.sqrt(10_000))


def test_dropout_makes_another_mask_at_each_call_and_the_same_ones_from_the_same_seed():
    def masks(seed):
        layer = Dropout(0.5, seed)
        return [layer(tf.ones((8, 20)), training=True).numpy() for _ in range(3)]

    first = masks(seed=0)
    assert all(np.any(a != b) for a, b in zip(first, first[1:], strict=False))
    np.testing.assert_array_equal(first, masks(seed=0))
    assert np.any(first[0] != masks(seed=1)[0])


def test_dropout_makes_another_mask_at_each_step_of_a_compiled_function():
    layer = Dropout(0.5, seed=0)
    step = tf.function(lambda x: layer(x, training=True), jit_compile=True)
    assert np.any(step(tf.ones((8, 20))) != step(tf.ones((8, 20))))


# Shifts


def test_shift_does_nothing_when_not_training():
    images = tf.ones((2, 5, 5)) * tf.range(5.0)
    layer = Shift(seed=0)
    np.testing.assert_array_equal(layer(images, training=False), images)
    np.testing.assert_array_equal(layer.seed, [0, 0])


def test_shift_moves_a_batch_as_one_by_each_of_nine_ways_about_equally_often():
    images = np.zeros((3, 5, 5), np.float32)
    images[:, 2, 2] = [1, 2, 3]
    layer, counts = Shift(seed=0), np.zeros((5, 5))
    step = tf.function(lambda: layer(images, training=True))
    for _ in range(900):
        moved = step().numpy()
        first = moved[0]
        np.testing.assert_array_equal(moved, [first, 2 * first, 3 * first])
        counts += first
    assert counts.sum() == counts[1:4, 1:4].sum() == 900
    # Five standard deviations of the binomial distribution.
    assert np.abs(counts[1:4, 1:4] - 100).max() < 5 * np.sqrt(900 * 1 / 9 * 8 / 9)


def test_shift_is_decided_by_its_seed():
    def shifts(seed):
        layer, dot = Shift(seed), np.pad(np.ones((1, 1, 1), np.float32), [(0, 0), (2, 2), (2, 2)])
        return [layer(dot, training=True).numpy() for _ in range(20)]

    np.testing.assert_array_equal(shifts(0), shifts(0))
    assert np.any(np.not_equal(shifts(0), shifts(1)))


@pytest.mark.parametrize(
    "images", [np.ones((2, 784), np.float32), np.ones((2, 28, 28, 1)), np.ones((2, 28, 28), int)]
)
def test_shift_refuses_what_is_no_batch_of_grey_images_of_floats(images):
    with pytest.raises(ValueError, match="expected"):
        Shift(0)(images, training=True)


# Gradients against central differences, in float64


def assert_gradients(function, *arguments):
    """Compares the whole Jacobian of the function with central differences, for each argument."""
    analytic, numeric = tf.test.compute_gradient(function, arguments, delta=1e-5)
    for a, b in zip(analytic, numeric, strict=True):
        assert a.dtype == np.float64 and np.any(a)
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-8)


normal64 = functools.partial(normal, dtype=np.float64)


def test_gradient_of_dense():
    layer = Dense(4, 3, np.random.default_rng(0))

    def dense(x, W, b):
        layer.W, layer.b = W, b
        return layer(x)

    assert_gradients(dense, normal64(5, 4), normal64(4, 3), normal64(3))


@pytest.mark.parametrize("training", [True, False])
def test_gradient_of_batch_norm(training):
    layer = BatchNorm(3)
    layer.moving_mean = tf.Variable(normal64(3))
    layer.moving_variance = tf.Variable(normal64(3) ** 2)

    def batch_norm(x, gamma, beta):
        layer.gamma, layer.beta = gamma, beta
        return layer(x, training)

    assert_gradients(batch_norm, normal64(5, 3), normal64(3, seed=1), normal64(3, seed=2))


def test_gradient_of_conv():
    layer = Conv(3, 2, 3, np.random.default_rng(0))

    def conv(x, K):
        layer.K = K
        return layer(x)

    assert_gradients(conv, normal64(2, 4, 4, 2), normal64(3, 3, 2, 3))


def test_gradient_of_channel_norm_is_that_of_batch_norm_over_all_places():
    x, weights = tf.constant(normal(6, 3, 3, 4)), normal(54, 4, seed=1)
    ours, plain = ChannelNorm(4), BatchNorm(4)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        a = tf.reduce_sum(weights * tf.reshape(ours(x, training=True), [-1, 4]))
        b = tf.reduce_sum(weights * plain(tf.reshape(x, [-1, 4]), training=True))
    fused = tape.gradient(a, [x, ours.gamma, ours.beta])
    formula = tape.gradient(b, [x, plain.gamma, plain.beta])
    for f, g in zip(fused, formula, strict=True):
        assert np.any(g)
        np.testing.assert_allclose(f, g, rtol=1e-4, atol=1e-5)


def test_gradient_of_leaky_relu():
    assert_gradients(leaky_relu, normal64(5, 4))


def test_gradient_of_cross_entropy():
    labels = tf.constant([2, 0, 1, 1])
    assert_gradients(lambda logits: cross_entropy(labels, logits), normal64(4, 3))


def test_gradient_of_dropout(monkeypatch):
    layer = Dropout(0.5, seed=0)
    layer.rate = tf.constant(0.5, tf.float64)
    uniform = functools.partial(tf.random.stateless_uniform, dtype=tf.float64)
    monkeypatch.setattr(tf.random, "stateless_uniform", uniform)

    def dropout(x):
        layer.seed.assign([0, 0])  # the same mask each time
        return layer(x, training=True)

    assert_gradients(dropout, normal64(5, 4))


# What is passed by mistake


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("init", [xavier, he])
@pytest.mark.parametrize(
    "arguments, error, advice",
    [
        ((0, 4, 3), TypeError, r"rng is an int.*default_rng\(seed\)"),
        ((None, 4, 3), TypeError, "rng is None"),
        ((np.random.default_rng, 4, 3), TypeError, "expected a generator"),
        ((rng(), 4.0, 3), TypeError, "fan_in=4.0"),
        ((rng(), 4, (3,)), TypeError, "fan_out"),
        ((rng(), 0, 3), ValueError, "fan_in=0"),
        ((rng(), 4, -3), ValueError, "fan_out=-3"),
        ((4, 3, rng()), TypeError, "rng is an int"),
        ((rng(), True, 3), TypeError, "fan_in=True"),
    ],
)
def test_what_makes_no_initial_weights_is_refused(init, arguments, error, advice):
    with pytest.raises(error, match=advice):
        init(*arguments)


@pytest.mark.parametrize(
    "make, error, advice",
    [
        (lambda: Dense(784, 10, 0), TypeError, "rng is an int"),
        (lambda: Dense(784, 10, rng(), "he"), TypeError, "init is the string 'he'"),
        (lambda: Dense(784, 10, rng(), None), TypeError, "init is None"),
        (lambda: Dense((28, 28), 10, rng()), TypeError, "fan_in"),
        (lambda: Dense(784, 0, rng()), ValueError, "fan_out=0"),
        (lambda: Dense(784, 0, None, lambda *_: 0), ValueError, "fan_out=0"),
        (lambda: Dense(784, 10), TypeError, "missing a required argument: 'rng'"),
        (lambda: Dropout(1.0, 0), ValueError, "every unit"),
        (lambda: Dropout(50, 0), ValueError, "rate=50"),
        (lambda: Dropout(-0.1, 0), ValueError, "rate=-0.1"),
        (lambda: Dropout(float("nan"), 0), ValueError, "rate=nan"),
        (lambda: Dropout("0.5", 0), TypeError, "rate is the string"),
        (lambda: Dropout(0.5, None), TypeError, "seed=None"),
        (lambda: Dropout(0.5, 0.5), TypeError, "seed=0.5"),
        (lambda: Dropout(0.5, rng()), TypeError, "seed=Generator"),
        (lambda: Dropout(0.5, 2**31), ValueError, "seed=2147483648"),
        (lambda: Shift(0.5), TypeError, "seed=0.5"),
        (lambda: Shift(2**31), ValueError, "seed=2147483648"),
        (lambda: BatchNorm(0), ValueError, "units=0"),
        (lambda: BatchNorm((4, 4)), TypeError, "units"),
        (lambda: BatchNorm(4, 1.0), ValueError, "momentum=1"),
        (lambda: BatchNorm(4, 99), ValueError, "momentum=99"),
        (lambda: BatchNorm(4, 0.99, 0), ValueError, "epsilon=0"),
        (lambda: ChannelNorm(-4), ValueError, "units=-4"),
        (lambda: Conv(0, 1, 4, rng()), ValueError, "size=0"),
        (lambda: Conv((3, 3), 1, 4, rng()), TypeError, "size"),
        (lambda: Conv(3, 1, 0, rng()), ValueError, "units=0"),
        (lambda: Conv(3, 0, 4, rng()), ValueError, "channels=0"),
        (lambda: Conv(3, 1, 4, 0), TypeError, "rng is an int"),
        (lambda: Conv(3, 1, 4, rng(), 2), TypeError, "pool=2"),
        (lambda: Conv(3, 1, 4, rng(), padding="same"), ValueError, "padding='same'"),
    ],
)
def test_a_layer_that_cannot_be_made_says_why(make, error, advice):
    with pytest.raises(error, match=advice):
        make()


LAYERS = {  # name: (layer, shape of a right input)
    "Dense": (lambda: Dense(4, 3, rng()), (5, 4)),
    "BatchNorm, training": (lambda: functools.partial(BatchNorm(4), training=True), (5, 4)),
    "BatchNorm": (lambda: functools.partial(BatchNorm(4), training=False), (5, 4)),
    "Conv": (lambda: Conv(3, 4, 3, rng()), (5, 8, 8, 4)),
    "Conv without pooling": (lambda: Conv(3, 4, 3, rng(), pool=False), (5, 8, 8, 4)),
    "ChannelNorm, training": (
        lambda: functools.partial(ChannelNorm(4), training=True),
        (5, 8, 8, 4),
    ),
    "ChannelNorm": (lambda: functools.partial(ChannelNorm(4), training=False), (5, 8, 8, 4)),
}
each_layer = pytest.mark.parametrize("make, right", LAYERS.values(), ids=LAYERS)


def calls(layer):
    """Returns the ways in which a layer is called: from Python, and while a function is traced."""
    return layer, tf.function(layer, autograph=False), tf.function(layer, jit_compile=True)


@each_layer
@pytest.mark.parametrize(
    "shape",
    [(4,), (5, 3), (5, 1), (5, 0), (5, 784), (2, 5, 4), (5, 4, 4, 2), (5, 4, 4, 8), (5, 8, 8, 1),
     (5, 28, 28), (5, 1, 4, 4, 4), ()],
    ids=str,
)  # fmt: skip
def test_an_input_of_another_shape_is_refused_before_tensorflow_sees_it(make, right, shape):
    for call in calls(make()):
        with pytest.raises(ValueError, match="expected .*batch"):
            call(tf.ones(shape))


@each_layer
def test_an_input_of_another_type_is_refused(make, right):
    layer = make()
    for x in (np.ones(right, np.uint8), tf.ones(right, tf.uint8), tf.ones(right, tf.int64)):
        with pytest.raises(ValueError, match="mnist.scale"):
            layer(x)
    with pytest.raises(ValueError, match="type float64: expected float32"):
        layer(tf.ones(right, tf.float64))
    with pytest.raises(TypeError, match="x is a list"):
        layer(np.ones(right).tolist())


@pytest.mark.parametrize("layer", [Dense(4, 3, rng()), Conv(3, 4, 3, rng())], ids=["Dense", "Conv"])
def test_numpys_own_float_is_taken_where_tensorflow_converts_it(layer):
    x = np.random.default_rng(1).normal(size=(2, 4) if isinstance(layer, Dense) else (2, 8, 8, 4))
    assert_same(layer(x), layer(x.astype(np.float32)))


@each_layer
def test_an_empty_batch_is_no_mistake_and_a_batch_of_any_size_may_be_traced(make, right):
    """The training loop compiles on an empty batch and predicts on a last one of any size."""
    layer = make()
    assert layer(tf.zeros((0, *right[1:]))).shape[0] == 0
    any_batch = tf.TensorSpec([None, *right[1:]], tf.float32)
    traced = tf.function(layer, input_signature=[any_batch], autograph=False)
    assert traced(tf.ones(right)).shape[0] == right[0]
    unknown = tf.function(layer, input_signature=[tf.TensorSpec(None)], autograph=False)
    assert unknown(tf.ones(right)).shape[0] == right[0]


@pytest.mark.parametrize(
    "side, pool, padding, fits",
    [
        (0, True, "SAME", 0),
        (1, True, "SAME", 0),
        (2, True, "SAME", 1),
        (5, True, "SAME", 2),
        (0, False, "SAME", 0),
        (1, False, "SAME", 1),
        (3, True, "VALID", 0),
        (4, True, "VALID", 1),
        (2, False, "VALID", 0),
        (3, False, "VALID", 1),
    ],
)
def test_an_image_must_leave_something_after_convolution_and_pooling(side, pool, padding, fits):
    layer, x = Conv(3, 1, 4, rng(), pool, padding), tf.ones((2, side, side, 1))
    if fits:
        assert layer(x).shape == (2, fits, fits, 4)
    else:
        with pytest.raises(ValueError, match="h and w of at least"):
            layer(x)


@pytest.mark.parametrize("training", [None, "False", 2, np.ones(2)])
def test_training_is_true_or_false(training):
    for layer, shape in (
        (Dropout(0.5, 0), (5, 4)),
        (Shift(0), (5, 4, 4)),
        (BatchNorm(4), (5, 4)),
        (ChannelNorm(4), (5, 8, 8, 4)),
    ):
        with pytest.raises(TypeError, match="training=.*expected True or False"):
            layer(tf.ones(shape), training)


@pytest.mark.parametrize(
    "function", [leaky_relu, functools.partial(Dropout(0.5, 0), training=True)]
)
def test_functions_of_each_element_take_any_shape_but_only_floats(function):
    for shape in ((), (3,), (2, 3, 4, 5)):
        assert function(tf.ones(shape)).shape == shape
    for x in (np.ones(3, np.uint8), tf.ones(3, tf.int32)):
        with pytest.raises(ValueError, match="expected float"):
            function(x)
    with pytest.raises(TypeError, match="x is a list"):
        function([1.0, -1.0])


@pytest.mark.parametrize("slope", ["0.01", None, float("nan"), [0.01], True])
def test_a_slope_is_a_number(slope):
    with pytest.raises((TypeError, ValueError), match="slope"):
        leaky_relu(tf.ones(3), slope)


def test_a_slope_may_be_a_variable_also_in_a_compiled_function():
    slope = tf.Variable(0.1)
    f = tf.function(lambda z: leaky_relu(z, slope), jit_compile=True)
    np.testing.assert_allclose(f(tf.constant([-1.0, 2.0])), [-0.1, 2])
    slope.assign(0.5)
    np.testing.assert_allclose(f(tf.constant([-1.0, 2.0])), [-0.5, 2])


@pytest.mark.parametrize(
    "init, words",
    [
        (
            lambda rng, n, m: rng.normal(size=(n, m)),
            r"float64 and shape \(4, 2\): expected float32",
        ),
        (lambda rng, n, m: np.ones((m, n), np.float32), r"shape \(2, 4\): expected.*\[fan_in, 2\]"),
        (lambda rng, n, m: np.ones((n, 1), np.float32), r"shape \(4, 1\): expected.*\[fan_in, 2\]"),
        (lambda rng, n, m: np.ones(m, np.float32), r"shape \(2,\): expected.*\[fan_in, 2\]"),
    ],
)
def test_weights_that_init_made_in_another_form_are_named(init, words):
    """One column of them would be added to each of the biases."""
    with pytest.raises(ValueError, match=words):
        Dense(4, 2, np.random.default_rng(0), init)(tf.ones([3, 4]))


def test_settings_that_are_changed_are_checked_when_the_layer_is_called():
    dropout, conv = Dropout(0.5, 0), Conv(3, 1, 2, np.random.default_rng(0))
    dropout.rate = 0.25
    assert set(np.unique(dropout(tf.ones(100), training=True))) == {0, np.float32(1 / 0.75)}
    dropout.rate, conv.padding = 25, "valid"
    with pytest.raises(ValueError, match="rate=25: expected"):
        dropout(tf.ones(100), training=True)
    with pytest.raises(ValueError, match="padding='valid': expected"):
        conv(tf.ones([1, 5, 5, 1]))
