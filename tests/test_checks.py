"""Every entrance of training times every kind of mistake: the right result, or the same words."""

import hypothesis
import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import keras
import numpy as np
import pytest
import tensorflow as tf

from shared import checks, mnist, training
from shared.layers import Conv, Dense
from shared.mnist import Split
from shared.optimizers import SGD, Adam

N = 20
IMAGES = np.random.default_rng(0).integers(0, 256, (N, 28, 28)).astype(np.uint8)
LABELS = np.arange(N, dtype=np.int32) % 10


class Linear(tf.Module):
    """The smallest model; it makes rows of 784 of whatever it is given."""

    def __init__(self, seed=0):
        super().__init__()
        self.dense = Dense(784, 10, np.random.default_rng(seed))

    def __call__(self, x, training):
        return self.dense(tf.reshape(x, [-1, 784]))


class Cnn(tf.Module):
    """The smallest convolutional model."""

    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(0)
        self.conv, self.dense = Conv(3, 1, 2, rng), Dense(14 * 14 * 2, 10, rng)

    def __call__(self, x, training):
        return self.dense(tf.reshape(self.conv(x[..., None]), [-1, 14 * 14 * 2]))


class Ending(Linear):
    """A model with something behind its logits."""

    def __init__(self, end):
        super().__init__()
        self.end = end

    def __call__(self, x, training):
        return self.end(super().__call__(x, training))


def run_fit(model, images, labels, optimizer):
    pair, options = (images, labels), {"epochs": 1, "batch_size": 8, "verbose": False}
    return training.fit(model, optimizer, pair, **options, jit_compile=False)


def run_validation(model, images, labels):
    options = {"epochs": 1, "batch_size": 8, "verbose": False, "jit_compile": False}
    shape = getattr(images, "shape", IMAGES.shape)
    alike = IMAGES.reshape(shape) if np.prod(shape) == IMAGES.size else IMAGES
    return training.fit(model, SGD(0.0), (alike, LABELS), (images, labels), **options)


def run_sweep(model, images, labels):
    options = {"epochs": 1, "batch_size": 8, "jit_compile": False}
    return next(training.sweep(lambda _: (model, SGD(0.0)), [0], (images, labels), **options))[2]


LOSSES = {  # each entrance that takes images and labels, as a function that returns the loss
    "fit": lambda *given: run_fit(*given, SGD(0.0)).history["loss"][0],
    "validation": lambda *given: run_validation(*given).history["val_loss"][0],
    "evaluate": lambda model, *split: training.evaluate(model, split)[0],
    "sweep": lambda *given: run_sweep(*given).history["loss"][0],
}
ENTRANCES = {**LOSSES, "predict": lambda model, images, _: training.predict(model, images)}
every_loss = pytest.mark.parametrize("entrance", LOSSES)
every_entrance = pytest.mark.parametrize("entrance", ENTRANCES)


class Frame:
    """What a data frame is to NumPy: something that can be made an array."""

    def __init__(self, values):
        self.values, self.shape = values, values.shape

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)


# What is plainly meant works

SAME_IMAGES = {
    "list of arrays": list(IMAGES),
    "lists": IMAGES.tolist(),
    "tensor": tf.constant(IMAGES),
    "int64": IMAGES.astype(np.int64),
    "data frame, one image a row": Frame(IMAGES.reshape(N, -1).astype(np.int64)),
    "float32": IMAGES / np.float32(255),
    "float64": IMAGES / 255,
    "a channel": IMAGES[..., None],
    "not contiguous": np.asfortranarray(IMAGES),
}
SAME_LABELS = {
    "list": LABELS.tolist(),
    "list of NumPy's": list(LABELS),
    "int64 tensor": tf.constant(LABELS, tf.int64),
    "uint8": LABELS.astype(np.uint8),
    "data frame's column": Frame(LABELS.astype(np.int64)),
}


@every_entrance
@pytest.mark.parametrize("images", SAME_IMAGES)
def test_images_in_any_container_give_the_same_numbers(entrance, images):
    found, expected = (
        ENTRANCES[entrance](Linear(), x, LABELS) for x in (SAME_IMAGES[images], IMAGES)
    )
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@every_loss
@pytest.mark.parametrize("labels", SAME_LABELS)
def test_labels_in_any_container_give_the_same_numbers(entrance, labels):
    found, expected = (LOSSES[entrance](Linear(), IMAGES, y) for y in (SAME_LABELS[labels], LABELS))
    assert found == expected


def test_true_and_false_are_ink_and_background():
    ink = IMAGES > 100
    expected = training.predict(Linear(), ink.astype(np.float32))
    np.testing.assert_array_equal(training.predict(Linear(), ink), expected)


# What is not, is refused everywhere in the same words

BAD_IMAGES = {
    "floats up to 255": (IMAGES.astype(float), "from 0 to 255.*divide by 255"),
    "int64 above 255": (IMAGES.astype(np.int64) * 257, "from 0 to 65535"),
    "negative": (IMAGES / 127.5 - 1, "from -1 to 1.*floats from 0 to 1"),
    "divided twice": (IMAGES / 255 / 255, "divided by 255 twice"),
    "whole numbers 0 and 1": ((IMAGES > 100).astype(np.uint8), "from 0 to 1.*astype"),
    "whole numbers up to 16": (IMAGES // 16 + IMAGES // 255, "from 0 to 16.*images / 16"),
    "floats up to 16": (IMAGES / 15.9, "from 0 to 16.*scale them to 0 to 1"),
    "masked": (np.ma.masked_array(IMAGES, IMAGES > 250), "images with masked values.*filled"),
    "a list of masked": (list(np.ma.masked_array(IMAGES, IMAGES > 250)), "with masked values"),
    "NaN": (np.where(IMAGES > 250, np.nan, 0.5), "nan.*not a finite number"),
    "infinite": (np.where(IMAGES > 250, np.inf, 0.5), "inf.*not a finite number"),
    "complex": (IMAGES * 1j, "complex128"),
    "text": (IMAGES.astype(str), "type str"),
    "objects": (IMAGES.astype(object), "type object"),
    "different shapes": ([*IMAGES[1:], IMAGES[0, :5]], "cannot be made one array"),
    "280 x 280": (np.zeros((N, 280, 280), np.uint8), r"returns shape \(\d+, 10\).*\[n, 28, 28\]"),
    "too few pixels": (IMAGES[:, 1:], r"\[n, 27, 28\].*takes \[n, 28, 28\]"),
    "in colour": (np.stack([IMAGES] * 3, -1), r"\[n, 28, 28, 3\].*takes \[n, 28, 28\]"),
    "None": (None, "images is None"),
    "a path": ("images.png", "string 'images.png'"),
    "a generator": ((image for image in IMAGES), "generator"),
    "a dictionary": ({"images": IMAGES}, "dict"),
    "a whole split": (Split(IMAGES, LABELS), "whole Split.*its .images"),
    "all of MNIST": (mnist.Mnist(*[Split(IMAGES, LABELS)] * 3), "whole Mnist"),
    "a Dataset": (tf.data.Dataset.from_tensor_slices(IMAGES), "tf.data.Dataset.*np.concatenate"),
}
BAD_LABELS = {
    "a column": (LABELS[:, None], r"\(20, 1\).*np.ravel\(labels\)"),
    "a row": (LABELS[None], r"\(1, 20\).*np.ravel\(labels\)"),
    "masked": (np.ma.masked_array(LABELS, LABELS == 3), "labels with masked values"),
    "one-hot": (np.eye(10, dtype=int)[LABELS], r"\(20, 10\).*argmax\(axis=1\)"),
    "one-hot floats": (np.eye(10)[LABELS], r"\(20, 10\).*argmax\(axis=1\)"),
    "floats": (LABELS.astype(float), r"float64.*astype\(int\)"),
    "NaN": (np.where(LABELS, LABELS, np.nan), "float64"),
    "True and False": (LABELS > 4, "bool"),
    "text": (LABELS.astype(str), r"type str.*astype\(int\)"),
    "objects": (LABELS.astype(object), r"type object.*astype\(int\)"),
    "from 1": (LABELS + 1, "from 1 to 10.*0 to 9"),
    "below 0": (LABELS - 1, "from -1 to 8"),
    "beyond int32": (LABELS.astype(np.int64) + 2**32, "begin at 0"),
    "one number": (3, "expected integers"),
    "too few": (LABELS[1:], "20 images and 19 labels"),
    "None": (None, "labels is None"),
    "a Dataset": (tf.data.Dataset.range(N), "tf.data.Dataset"),
}


@every_entrance
@pytest.mark.parametrize("mistake", BAD_IMAGES)
def test_wrong_images_are_refused_in_the_same_words(entrance, mistake):
    images, words = BAD_IMAGES[mistake]
    if mistake == "a generator":
        images = (image for image in IMAGES)
    if entrance == "validation" and mistake in ("280 x 280", "too few pixels", "in colour"):
        words = "in train and .* in validation"
    with pytest.raises((ValueError, TypeError), match=f"(?s){words}"):
        ENTRANCES[entrance](Linear(), images, LABELS)


@every_loss
@pytest.mark.parametrize("mistake", BAD_LABELS)
def test_wrong_labels_are_refused_in_the_same_words(entrance, mistake):
    labels, words = BAD_LABELS[mistake]
    with pytest.raises((ValueError, TypeError), match=f"(?s){words}"):
        LOSSES[entrance](Linear(), IMAGES, labels)


@every_loss
def test_images_and_labels_the_other_way_round_are_named(entrance):
    with pytest.raises(ValueError, match="other way round"):
        LOSSES[entrance](Linear(), LABELS, IMAGES)


@every_loss
def test_nothing_to_learn_from_is_refused(entrance):
    with pytest.raises(ValueError, match="found 0 images and 0 labels"):
        LOSSES[entrance](Linear(), IMAGES[:0], LABELS[:0])


def test_no_images_have_no_logits():
    assert training.predict(Linear(), IMAGES[:0]).shape == (0, 10)


@every_entrance
def test_flat_images_for_a_convolution_are_an_error_and_not_the_end_of_the_process(entrance):
    words = r"\[n, 784\].*takes \[n, 28, 28\].*reshape\(-1, 28, 28\)"
    with pytest.raises(ValueError, match=words):
        ENTRANCES[entrance](Cnn(), IMAGES.reshape(N, 784), LABELS)


@pytest.mark.parametrize("model", [Linear, Cnn])
def test_a_single_image_is_told_how_to_be_one(model):
    with pytest.raises(ValueError, match=r"image\[None\]"):
        training.predict(model(), IMAGES[0])
    assert training.predict(model(), IMAGES[0][None]).shape == (1, 10)


# The model

ENDS = {
    "softmax": (tf.nn.softmax, "probabilities.*remove the softmax"),
    "softmax by hand": (
        lambda z: tf.exp(z) / tf.reduce_sum(tf.exp(z), 1, keepdims=True),
        "probabilities.*remove the softmax",
    ),
    "softmax over the images": (lambda z: tf.nn.softmax(z, axis=0), "remove the softmax"),
    "softmax, halved": (lambda z: tf.cast(tf.nn.softmax(z), tf.float16), "remove the softmax"),
    "sigmoid": (tf.nn.sigmoid, "ends in a sigmoid.*probabilities.*remove the sigmoid"),
    "tanh": (tf.nn.tanh, "remove the tanh"),
    "ReLU": (tf.nn.relu, "ends in a ReLU.*remove the ReLU"),
    "softplus, reshaped": (
        lambda z: tf.reshape(tf.nn.softplus(z), [-1, 10]),
        "remove the softplus",
    ),
    "argmax": (lambda z: tf.argmax(z, 1), "int64.*expected logits"),
    "one column": (lambda z: z[:, :1], r"\(\d+, 1\).*at least two"),
    "no classes' axis": (lambda z: z[:, 0], r"returns shape \(\d+,\)"),
    "three axes": (lambda z: z[:, None], r"returns shape \(\d+, 1, 10\)"),
    "transposed": (tf.transpose, r"returns shape \(10, \d+\)"),
    "one row for all": (lambda z: tf.reduce_mean(z, 0, keepdims=True), r"returns shape \(1, 10\)"),
    "complex": (lambda z: tf.cast(z, tf.complex64), "complex64"),
    "None": (lambda z: None, "returns None"),
    "a dictionary": (lambda z: {"logits": z}, "returns a dict"),
    "an exception": (lambda z: z["classes"], "cannot take images.*It says"),
    "NumPy": (lambda z: z.numpy(), "It says: AttributeError"),
}


@every_entrance
@pytest.mark.parametrize("end", ENDS)
def test_a_model_that_returns_something_else_than_logits_is_refused(entrance, end):
    model = Ending(ENDS[end][0])
    if entrance == "predict" and "remove the" in ENDS[end][1]:  # they may be what is wanted
        expected = ENDS[end][0](training.predict(Linear(), IMAGES))
        np.testing.assert_allclose(training.predict(model, IMAGES), expected, rtol=1e-3)
        return
    with pytest.raises((ValueError, TypeError), match=f"(?s){ENDS[end][1]}"):
        ENTRANCES[entrance](model, IMAGES, LABELS)
    np.testing.assert_array_equal(model.dense.W, Linear().dense.W)


@every_entrance
@pytest.mark.parametrize("end", [lambda z: 0 * z, tf.nn.log_softmax])
def test_zeros_and_log_probabilities_are_logits(entrance, end):
    assert np.all(np.isfinite(ENTRANCES[entrance](Ending(end), IMAGES, LABELS)))


@every_entrance
@pytest.mark.parametrize("dtype", [tf.float16, tf.float64, tf.bfloat16])
def test_logits_of_another_float_type_become_float32(entrance, dtype):
    found, expected = (
        ENTRANCES[entrance](model, IMAGES, LABELS)
        for model in (Ending(lambda z: tf.cast(z, dtype)), Linear())
    )
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.02)


class NoTraining(Linear):
    def __call__(self, x):
        return super().__call__(x, False)


class BadVariables(Linear):
    trainable_variables = ("W", "b")


MODELS = {
    "a class": (Linear, r"the class Linear: write Linear\(...\)"),
    "None": (None, "the model is None"),
    "images": (IMAGES, "the model is an array"),
    "a function": (lambda x, training: x, "has no trainable_variables"),
    "without training": (NoTraining(), r"model\(images, training=True\)"),
    "names for variables": (BadVariables(), "the string 'W' is among"),
}


@every_entrance
@pytest.mark.parametrize("mistake", MODELS)
def test_what_is_no_model_is_refused(entrance, mistake):
    model, words = MODELS[mistake]
    with pytest.raises(TypeError, match=words):
        ENTRANCES[entrance](model, IMAGES, LABELS)


# The other arguments

OPTIMIZERS = {
    "a name": ("adam", r"string 'adam': write optimizers.Adam\(\)"),
    "a class": (Adam, r"class Adam: write Adam\(\)"),
    "None": (None, r"None: expected fit\(model, optimizer, \(images, labels\)"),
    "images, as in Keras": (
        IMAGES,
        r"an array.*expected fit\(model, optimizer, \(images, labels\)",
    ),
    "a split": (Split(IMAGES, LABELS), r"a Split: expected fit\(model, optimizer"),
    "a rate": (0.1, r"a float: expected fit\(model, optimizer"),
}


@pytest.mark.parametrize("mistake", OPTIMIZERS)
def test_what_is_no_optimizer_is_refused_by_fit_and_sweep(mistake):
    optimizer, words = OPTIMIZERS[mistake]
    with pytest.raises(TypeError, match=words):
        run_fit(Linear(), IMAGES, LABELS, optimizer)
    with pytest.raises(TypeError, match=words):
        pair = IMAGES, LABELS
        next(training.sweep(lambda _: (Linear(), optimizer), [0], pair, epochs=1, batch_size=8))


SPLITS = {
    "None": (None, "None: expected"),
    "all of MNIST": (mnist.Mnist(*[Split(IMAGES, LABELS)] * 3), "whole Mnist"),
    "images alone": (IMAGES, "an array of shape"),
    "three parts": ((IMAGES, LABELS, LABELS), "a tuple"),
    "a part of 0.1": (0.1, "a float"),
    "a Dataset": (tf.data.Dataset.from_tensor_slices((IMAGES, LABELS)), "Dataset.*np.concatenate"),
    "a dictionary": ({"images": IMAGES, "labels": LABELS}, "a dict"),
}


@pytest.mark.parametrize("mistake", SPLITS)
def test_what_is_no_split_is_refused(mistake):
    wrong, words = SPLITS[mistake]
    calls = [
        lambda: training.fit(Linear(), SGD(), wrong, epochs=1),
        lambda: training.evaluate(Linear(), wrong),
        lambda: training.sweep(lambda _: (Linear(), SGD()), [0], wrong, epochs=1),
    ]
    if wrong is not None:
        right = IMAGES, LABELS
        calls.append(lambda: training.fit(Linear(), SGD(), right, wrong, epochs=1, batch_size=8))
    for call in calls:
        with pytest.raises(TypeError, match=words):
            call()


ARGUMENTS = [
    ({"epochs": 0}, "epochs=0: expected at least 1"),
    ({"epochs": True}, "epochs=True: expected a whole number"),
    ({"epochs": 2.5}, "epochs=2.5: expected a whole number"),
    ({"epochs": "3"}, "epochs='3': expected a whole number"),
    ({"epochs": None}, "epochs=None: expected a whole number"),
    ({"batch_size": 0}, "batch_size=0: expected 1 to 20"),
    ({"batch_size": 21}, "batch_size=21: expected 1 to 20"),
    ({"batch_size": 8.0}, "batch_size=8.0: expected a whole number"),
    ({"batch_size": None}, "batch_size=None: expected a whole number"),
    ({"seed": -1}, "seed=-1: expected at least 0"),
    ({"seed": 0.5}, "seed=0.5: expected a whole number"),
    ({"seed": None}, "seed=None: expected a whole number"),
    ({"verbose": "yes"}, "verbose='yes': expected True or False"),
    ({"verbose": 2}, "verbose=2: expected True or False"),
    ({"jit_compile": "auto"}, "jit_compile='auto': expected True or False"),
    ({"curve": True}, "curve is a bool: expected None or a title"),
]


@pytest.mark.parametrize("wrong, words", ARGUMENTS, ids=str)
def test_fit_and_sweep_refuse_the_same_arguments_when_they_are_called(wrong, words):
    options = {"epochs": 1, "batch_size": 8, **wrong}
    with pytest.raises((ValueError, TypeError), match=words):
        training.fit(Linear(), SGD(), (IMAGES, LABELS), **options)
    with pytest.raises((ValueError, TypeError), match=words):
        training.sweep(lambda _: (Linear(), SGD()), [0], (IMAGES, LABELS), **options)


def test_numpys_whole_numbers_are_whole_numbers():
    options = {"epochs": np.int64(1), "batch_size": np.uint8(8), "seed": np.int32(3)}
    training.fit(Linear(), SGD(), (IMAGES, LABELS), **options, verbose=0, jit_compile=False)


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, True, "8", None])
def test_predict_refuses_the_same_batch_sizes(batch_size):
    with pytest.raises((ValueError, TypeError), match="batch_size="):
        training.predict(Linear(), IMAGES, batch_size)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((None, [0]), "build is None: expected a function"),
        ((lambda _: Linear(), [0]), r"build returned a Linear: expected \(model, optimizer\)"),
        ((lambda _: (Linear(), SGD()), 3), "settings is an int: expected a list"),
        ((lambda _: (Linear(), SGD()), "adam"), "settings is the string 'adam'"),
        ((lambda _: (Linear(), SGD()), []), "settings is empty"),
    ],
)
def test_sweep_refuses_what_it_cannot_build_from(arguments, words):
    with pytest.raises((ValueError, TypeError), match=words):
        list(training.sweep(*arguments, (IMAGES, LABELS), epochs=1, batch_size=8))


@pytest.mark.parametrize(
    "build, options, words",
    [
        (lambda setting: None, {"seeds": [0]}, r"build\(setting, seed\)"),
        (lambda setting, width=3: None, {"seeds": [0]}, "second argument is width=3"),
        (lambda setting, seed: None, {"seeds": [0], "seed": 1}, "seed=1 and seeds"),
        (lambda setting, seed: None, {"seeds": [0, 1, 0]}, "expected different ones"),
        (lambda setting, seed: None, {"seeds": [0.5]}, "a seed=0.5"),
        (lambda setting, seed: None, {"seeds": []}, "seeds is empty"),
        (lambda setting, seed: None, {"seeds": 5}, "seeds is an int: expected a list"),
    ],
)
def test_sweep_refuses_seeds_that_build_would_not_get(build, options, words):
    with pytest.raises((ValueError, TypeError), match=words):
        training.sweep(build, [0], (IMAGES, LABELS), epochs=1, batch_size=8, **options)


@pytest.mark.parametrize(
    "labels, logits, words",
    [
        (LABELS[:, None], np.zeros((N, 10)), r"shape \(20, 1\)"),
        (LABELS, np.zeros((N - 1, 10)), r"\(20,\).*\(19, 10\)"),
        (np.zeros((N, 10)), LABELS, "float64 and logits of type int32.*labels, logits"),
        (LABELS.astype(float), np.zeros((N, 10)), "labels of type float64"),
        (LABELS + 1, np.zeros((N, 10)), "from 1 to 10 and 10 classes"),
        (LABELS - 1, np.zeros((N, 10)), "labels from -1"),
        (LABELS, np.full((N, 10), 0.1), "probabilities.*remove the softmax"),
        (np.ma.masked_array(LABELS, LABELS == 3), np.zeros((N, 10)), "labels with masked values"),
        (None, np.zeros((N, 10)), "labels is None: expected"),
        (LABELS, Linear(), "logits is a Linear: expected"),
    ],
)
def test_cross_entropy_refuses_what_would_be_another_loss(labels, logits, words):
    with pytest.raises((ValueError, TypeError), match=words):
        training.cross_entropy(labels, logits)


@pytest.mark.parametrize("wrong", [(0, 0, 0), (2.5, 0, 0), (5, -1, 0), (5, 0.5, 0), (5, 0, -1)])
def test_batch_order_refuses_what_is_no_whole_number_from_0(wrong):
    with pytest.raises((ValueError, TypeError), match="expected"):
        training.batch_order(*wrong)


# What a table forgets

anything = arrays.arrays(
    arrays.scalar_dtypes(),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5),
)


@hypothesis.given(anything)
def test_any_array_is_images_or_an_error_that_says_why(array):
    try:
        images = checks.images(array)
    except (ValueError, TypeError) as error:
        assert "expected" in str(error)
        return
    assert images.shape == array.shape and images.ndim >= 2
    if images.dtype == np.uint8:
        np.testing.assert_array_equal(images, array)
    else:
        assert images.dtype == np.float32
        assert np.all((images >= -checks.TOLERANCE) & (images <= 1 + checks.TOLERANCE))
        np.testing.assert_allclose(images, array.astype(np.float32))


@hypothesis.given(anything)
def test_any_array_is_labels_or_an_error_that_says_why(array):
    try:
        labels = checks.labels(array)
    except (ValueError, TypeError) as error:
        assert "expected" in str(error)
        return
    assert labels.dtype == np.int32 and labels.ndim == 1
    np.testing.assert_array_equal(labels, array)
    assert not labels.size or labels.min() >= 0


@hypothesis.settings(max_examples=20)
@hypothesis.given(
    st.sampled_from([np.uint8, np.float32, np.int64]),
    st.lists(st.integers(1, 30), min_size=0, max_size=3).map(tuple),
    st.sampled_from([Linear, Cnn]),
)
def test_images_of_any_shape_get_one_row_each_or_an_error(dtype, shape, model):
    try:
        logits = training.predict(model(), np.zeros((3, *shape), dtype))
    except ValueError as error:
        assert "expected" in str(error) or "cannot take images" in str(error)
        return
    assert logits.shape == (3, 10)


# Keras


def keras_model(*end):
    layers = [keras.layers.Flatten(), keras.layers.Dense(10), *end]
    return keras.Sequential([keras.Input((28, 28)), *layers])


@every_entrance
def test_a_keras_model_is_checked_in_the_same_words(entrance):
    model = keras_model()
    assert np.all(np.isfinite(ENTRANCES[entrance](model, IMAGES, LABELS)))
    words = "in train and" if entrance == "validation" else r"\[n, 27, 28\]"
    with pytest.raises(ValueError, match=words):
        ENTRANCES[entrance](model, IMAGES[:, 1:], LABELS)
    if entrance != "predict":
        with pytest.raises(ValueError, match="remove the softmax"):
            ENTRANCES[entrance](keras_model(keras.layers.Softmax()), IMAGES, LABELS)


def adapted():
    layer = keras.layers.Normalization(axis=None)
    layer.adapt(IMAGES)
    return layer


@every_entrance
@pytest.mark.parametrize("layer", [lambda: keras.layers.Rescaling(1 / 255), adapted])
def test_a_keras_model_that_would_divide_the_pixels_again_is_refused(entrance, layer):
    model = keras.Sequential([keras.Input((28, 28)), layer(), *keras_model().layers])
    with pytest.raises(ValueError, match="for pixels from 0 to 255: expected.*from 0 to 1"):
        ENTRANCES[entrance](model, IMAGES, LABELS)


def test_a_keras_model_that_moves_pixels_from_0_to_1_is_taken():
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Rescaling(2, -1)])
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(10))
    assert np.isfinite(training.evaluate(model, (IMAGES, LABELS))).all()


ONLY_KERAS = {
    "a penalty on weights": ({"kernel_regularizer": "l2"}, keras.optimizers.SGD, "a penalty"),
    "a penalty on outputs": ({"activity_regularizer": "l2"}, SGD, "a penalty"),
    "a constraint": ({"kernel_constraint": "max_norm"}, SGD, "a constraint on weights"),
    "a scaled loss": (
        {},
        lambda: keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD()),
        "scales the loss",
    ),
    "a fixed scale": ({}, lambda: keras.optimizers.SGD(loss_scale_factor=9.0), "scales the loss"),
    "averaged weights": ({}, lambda: keras.optimizers.SGD(use_ema=True), "averages the weights"),
}


@pytest.mark.parametrize("what", ONLY_KERAS)
def test_what_only_kerass_own_fit_would_do_is_refused_and_not_left_out(what):
    options, optimizer, words = ONLY_KERAS[what]
    last = keras.layers.Dense(10, **options)
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), last])
    with pytest.raises(ValueError, match=f"{words}.*model.fit"):
        run_fit(model, IMAGES, LABELS, optimizer())


def test_kerass_optimizers_keep_the_constraints_themselves():
    last = keras.layers.Dense(10, kernel_constraint=keras.constraints.MaxNorm(0.01))
    model = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), last])
    run_fit(model, IMAGES, LABELS, keras.optimizers.SGD(0.1))
    assert np.linalg.norm(last.kernel.numpy(), axis=0).max() < 0.0101


class Hidden:
    """A part of a model that TensorFlow does not look into: its class is no tf.Module."""

    def __init__(self):
        self.slope = tf.Variable(1.0)


@every_loss
def test_a_part_that_the_model_does_not_list_is_refused_where_it_would_be_trained(entrance):
    part = Hidden()
    model = Ending(lambda z: z * part.slope)
    if entrance == "evaluate":
        assert np.isfinite(ENTRANCES[entrance](model, IMAGES, LABELS))
        return
    with pytest.raises(ValueError, match="trainable variable.*never be trained"):
        ENTRANCES[entrance](model, IMAGES, LABELS)
    part.slope = tf.Variable(1.0, trainable=False)
    assert np.isfinite(ENTRANCES[entrance](model, IMAGES, LABELS))


def test_an_accuracy_of_logits_that_are_no_numbers_is_refused():
    with pytest.raises(ValueError, match="for 20 of 20 images.*not finite.*diverged"):
        training.evaluate(Ending(lambda z: z * np.nan), (IMAGES, LABELS))
