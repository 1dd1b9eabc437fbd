"""Training computes what Keras's fit computes, and from the same seed the same bits."""

import hashlib
import math
import os
import signal
import subprocess
import sys
import threading

import keras
import numpy as np
import pytest
import tensorflow as tf
from small_models import Cnn, Mlp, assert_close, first, metrics, quietly, same, state

from shared import interrupts, mnist, tracing, training
from shared.history import History
from shared.optimizers import SGD, Adam
from shared.training import Diverged, batch_order, cross_entropy, evaluate, fit, predict, sweep

# The loss


@pytest.mark.parametrize("size", [1, 100, 1e4])
def test_cross_entropy_is_that_of_tensorflow(size):
    rng = np.random.default_rng(0)
    logits = tf.constant(size * rng.standard_normal((50, 10)), tf.float32)
    labels = tf.constant(rng.integers(0, 10, 50))
    losses = cross_entropy(labels, logits)
    expected = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    assert np.all(np.isfinite(losses))
    np.testing.assert_allclose(losses, expected, rtol=1e-6, atol=1e-6 * size)


# The same as Keras


# A part of the images suffices, and that of the convolutional network is smaller because it takes
# longer; neither number is a multiple of the batch size.
@pytest.mark.parametrize("build, n", [(lambda: Mlp(units=64), 6_000), (Cnn, 2_000)])
def test_fit_computes_what_keras_fit_computes(build, n, data, validation):
    split, model = first(data.train, n), build()
    theirs, expected = model.twin(), {}
    theirs.compile(
        keras.optimizers.Adam(),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    images = split.images.reshape(-1, *theirs.input_shape[1:]) / np.float32(255)
    held_out = validation.images.reshape(-1, *theirs.input_shape[1:]) / np.float32(255)
    for epoch in range(2):
        order = batch_order(n, seed=7, iterations=epoch * math.ceil(n / 128))
        history = theirs.fit(
            images[order],
            split.labels[order],
            validation_data=(held_out, validation.labels),
            batch_size=128,
            shuffle=False,
            verbose=0,
        )
        for key, values in history.history.items():
            expected.setdefault(key, []).extend(values)

    history = fit(model, Adam(), split, validation, epochs=2, seed=7, verbose=False)
    assert metrics(history).keys() == expected.keys()
    for key, tolerance in (("loss", {"rel": 1e-4}), ("accuracy", {"abs": 1e-4})):
        assert history.history[key] == pytest.approx(expected[key], **tolerance)
    assert history.history["val_loss"] == pytest.approx(expected["val_loss"], rel=1e-4)
    assert_close(model.trainable_variables, theirs.get_weights(), rtol=1e-3)


def test_fit_trains_a_keras_model_as_it_trains_ours(train, validation):
    ours, theirs = Mlp(), Mlp().twin()
    history, expected = (
        quietly(model, Adam(), train, validation, epochs=3) for model in (ours, theirs)
    )
    for key, values in metrics(history).items():
        assert values == pytest.approx(expected.history[key], rel=1e-5)
    assert_close(ours.trainable_variables, theirs.get_weights(), rtol=1e-4)
    assert evaluate(ours, validation) == pytest.approx(evaluate(theirs, validation), rel=1e-5)


def test_fit_takes_an_optimizer_of_keras(train):
    ours, theirs = Mlp(), Mlp()
    history = quietly(ours, Adam(), train)
    expected = quietly(theirs, keras.optimizers.Adam(), train)
    assert history.history["loss"] == pytest.approx(expected.history["loss"], rel=1e-5)
    assert_close(ours.trainable_variables, theirs.trainable_variables, rtol=1e-4)


@pytest.mark.parametrize(
    "optimizer", [Adam, pytest.param(keras.optimizers.Adam, marks=pytest.mark.slow)]
)
def test_a_keras_model_with_dropout_and_batch_normalization_goes_on_where_it_was(optimizer, train):
    def build():
        keras.utils.set_random_seed(0)
        layers = keras.layers
        parts = [layers.Dense(16), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.3)]
        return keras.Sequential([keras.Input((28, 28)), layers.Flatten(), *parts, layers.Dense(10)])

    once, twice = (build(), optimizer()), (build(), optimizer())
    history = quietly(*once, train, epochs=2)
    quietly(*twice, train, epochs=1)
    quietly(*twice, train, epochs=1)
    assert history.history["loss"][1] < history.history["loss"][0]
    assert same(state(*once), state(*twice))


def test_compiled_by_xla_or_not_the_numbers_are_the_same(train):
    first, second = Mlp(), Mlp()
    quietly(first, Adam(), train, jit_compile=True)
    quietly(second, Adam(), train, jit_compile=False)
    assert_close(first.trainable_variables, second.trainable_variables, rtol=1e-4)


# Seeds


def digest(seed):
    """Returns a digest of a trained model with all that is random in it."""
    parts = Mlp(seed, dropout=0.3, batch_norm=True), Adam()
    fit(*parts, first(mnist.load().train, 1024), epochs=2, seed=seed, verbose=False)
    return hashlib.sha256(b"".join(value.tobytes() for value in state(*parts))).hexdigest()


@pytest.mark.slow
def test_the_seed_decides_the_weights_in_any_process():
    done = subprocess.run(
        [sys.executable, "-c", "from test_training import *; print(digest(0))"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
    )
    assert len(digest(0)) == 64
    assert done.stdout.strip() == digest(0) != digest(1)


def test_a_model_trained_before_changes_nothing():
    alone = digest(0)
    tf.random.set_seed(5)
    np.random.seed(5)
    digest(1)
    assert digest(0) == alone


@pytest.mark.parametrize("model_seed, order_seed", [(1, 0), (0, 1)])
def test_each_seed_matters(model_seed, order_seed, train):
    first, second = Mlp(0), Mlp(model_seed)
    quietly(first, SGD(), train, seed=0)
    quietly(second, SGD(), train, seed=order_seed)
    assert not same(state(first), state(second))


def test_batch_order_visits_each_example_once_and_another_way_each_time():
    orders = [batch_order(1000, seed, step) for seed, step in ((0, 0), (0, 8), (1, 0), (1, 8))]
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(1000))
    assert len({order.tobytes() for order in orders}) == 4
    np.testing.assert_array_equal(orders[1], batch_order(1000, 0, 8))


# Epochs


def test_five_epochs_are_two_and_then_three(train):
    once, parts = [(Mlp(dropout=0.3, batch_norm=True), Adam()) for _ in range(2)]
    whole = metrics(quietly(*once, train, epochs=5))
    head, tail = (metrics(quietly(*parts, train, epochs=epochs)) for epochs in (2, 3))
    assert whole == {key: head[key] + tail[key] for key in whole}
    assert same(state(*once), state(*parts))


@pytest.mark.parametrize("batch_size", [1, 48, 128, 999, 1000])
def test_every_example_counts_once_in_an_epochs_means(batch_size, train):
    model, optimizer = Mlp(), SGD(0.0)
    history = quietly(model, optimizer, train, epochs=1, batch_size=batch_size).history
    loss, accuracy = evaluate(model, train)
    assert history["loss"] == pytest.approx([loss], rel=1e-5)
    assert history["accuracy"] == pytest.approx([accuracy], abs=1e-9)
    assert int(optimizer.iterations) == math.ceil(1000 / batch_size)


def test_a_history_has_the_keys_of_keras_and_the_seconds(train, validation):
    keys = {"loss", "accuracy", "val_loss", "val_accuracy", "seconds"}
    history = quietly(Mlp(), SGD(), train, validation, epochs=3)
    assert history.history.keys() == keys
    assert all(len(values) == 3 for values in history.history.values())
    assert all(isinstance(value, float) for values in history.history.values() for value in values)
    assert history.epoch == [0, 1, 2]
    without = quietly(Mlp(), SGD(), train)
    assert without.history.keys() == {"loss", "accuracy", "seconds"}


def test_validation_changes_nothing_and_is_measured_after_each_epoch(train, validation):
    without, with_it = [(Mlp(dropout=0.3, batch_norm=True), Adam()) for _ in range(2)]
    quietly(*without, train)
    history = quietly(*with_it, train, validation)
    assert same(state(*without), state(*with_it))
    last = [history.history[key][-1] for key in ("val_loss", "val_accuracy")]
    assert last == pytest.approx(evaluate(with_it[0], validation))


@pytest.mark.parametrize("convert", [lambda x: x / np.float32(255), lambda x: x / 255, tf.constant])
def test_images_may_be_floats_or_tensors(convert, train):
    first, second = Mlp(), Mlp()
    quietly(first, SGD(0.1), train)
    quietly(second, SGD(0.1), (convert(train.images), tf.constant(train.labels)))
    assert_close(first.trainable_variables, second.trainable_variables, rtol=1e-5)


def test_the_progress_is_one_line_per_epoch_or_nothing(train, validation, capsys):
    fit(Mlp(), SGD(), train, validation, epochs=2, jit_compile=False)
    output = capsys.readouterr()
    last = [line.split("\r")[-1] for line in output.out.strip().split("\n")]
    assert [line[:9] for line in last] == ["epoch 1/2", "epoch 2/2"]
    assert all("val_accuracy" in line for line in last)
    quietly(Mlp(), SGD(), train, validation)
    assert (output.err, *capsys.readouterr()) == ("", "", "")


def test_the_progress_within_an_epoch_is_what_was_seen_so_far(train, monkeypatch):
    shown = []
    monkeypatch.setattr(training.Progress, "show", lambda self, *values: shown.append(values))
    history = quietly(Mlp(), SGD(), train, batch_size=11).history  # 90 whole batches and one of 10
    for epoch in (0, 1):
        parts, losses, accuracies = zip(*(rest for e, *rest in shown if e == epoch), strict=True)
        assert parts == pytest.approx([*np.arange(110, 1000, 110) / 1000, 1])
        assert (losses[-1], accuracies[-1]) == (history["loss"][epoch], history["accuracy"][epoch])
        assert np.ptp(losses) < 1


# Runs that end early


def explodes_at(step):
    """Returns a schedule whose rate is 0.1 before this step, from 0, and 1e30 from it on."""
    return lambda iterations: tf.where(iterations < step, 0.1, 1e30)


def test_a_loss_that_is_not_finite_stops_the_run_at_the_last_whole_epoch(train):
    stopped, expected = [(Mlp(dropout=0.3), SGD(explodes_at(111), 0.9)) for _ in range(2)]
    one_epoch = quietly(*expected, train, epochs=1, batch_size=10)
    with pytest.raises(Diverged, match=r"epoch 2, step 13, at learning rate 1e\+30") as error:
        quietly(*stopped, train, epochs=3, batch_size=10)
    assert metrics(error.value.history) == metrics(one_epoch)
    assert same(state(*stopped), state(*expected))


@pytest.mark.parametrize("optimizer", [SGD, keras.optimizers.SGD])
def test_a_run_that_diverges_at_once_leaves_the_initial_weights(optimizer, train):
    model = Mlp()
    with pytest.raises(Diverged, match=r"epoch 1, step 2, at learning rate 1e\+30") as error:
        quietly(model, optimizer(1e30), train)
    assert error.value.history.history == {}
    assert same(state(model), state(Mlp()))


@pytest.mark.parametrize("moment, epochs", [("begin", 0), ("show", 1), ("end", 1), ("show", 2)])
def test_an_interrupt_leaves_the_whole_epochs_and_goes_on_to_stop_the_cell(
    moment, epochs, train, monkeypatch, capsys
):
    def interrupt(self, epoch=0, *_):
        if epoch == epochs:
            raise KeyboardInterrupt
        return 0.0

    stopped, expected = [(Mlp(dropout=0.3), Adam()) for _ in range(2)]
    expected[1].build(expected[0].trainable_variables)
    history = quietly(*expected, train, epochs=epochs) if epochs else History()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training.Progress, moment, interrupt)
        quietly(*stopped, train, epochs=4)
    assert metrics(stopped[0].history) == metrics(history)
    assert f"interrupted in epoch {epochs + 1}" in capsys.readouterr().out
    assert same(state(*stopped), state(*expected))

    for parts in (stopped, expected):  # and it can go on from there
        quietly(*parts, train, epochs=1)
    assert same(state(*stopped), state(*expected))


def test_an_interrupt_stops_a_sweep_and_leaves_the_models_last_whole_epoch(train, monkeypatch):
    built = []

    def build(seed):
        built.append((Mlp(seed), SGD(0.1)))
        return built[-1]

    runs = sweep(build, [0, 1, 2], train, epochs=3, jit_compile=False)
    first_state = state(next(runs)[1])

    def interrupt(self, epoch, *_):
        if epoch == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(training.Progress, "show", interrupt)
    with pytest.raises(KeyboardInterrupt):
        next(runs)
    monkeypatch.undo()
    expected = Mlp(1)
    history = quietly(expected, SGD(0.1), train, epochs=1)
    assert len(built) == 2
    assert metrics(built[1][0].history) == metrics(history)
    assert same(state(built[1][0]), state(expected))
    assert same(state(built[0][0]), first_state)


class Interrupted(Mlp):
    """A model that is interrupted, by a real signal, when TensorFlow first traces it."""

    signals = 1

    def __call__(self, x, training):
        if tf.inside_function() and self.signals:
            self.signals = 0
            signal.raise_signal(signal.SIGINT)
        return super().__call__(x, training)


@pytest.fixture
def interruptible():
    """Python's own handler, also where the tests run in the background and SIGINT is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_while_tensorflow_traces_is_heard_after_it(interruptible, train, capsys):
    model, expected, optimizer = Interrupted(), Mlp(), Adam()
    optimizer.build(model.trainable_variables)
    with pytest.raises(KeyboardInterrupt):
        quietly(model, optimizer, train, epochs=1)
    assert "the weights are those after epoch 0" in capsys.readouterr().out
    assert model.history.epoch == [] and int(optimizer.iterations) == 0
    assert same(state(model), state(expected))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_of_predict_and_evaluate_is_heard_after_tracing(interruptible, train):
    for measure in (
        lambda: predict(Interrupted(), train[0]),
        lambda: evaluate(Interrupted(), train),
    ):
        with pytest.raises(KeyboardInterrupt):
            measure()


def test_a_second_interrupt_is_not_held_back(interruptible):
    reached = []
    with pytest.raises(KeyboardInterrupt), interrupts.held():
        signal.raise_signal(signal.SIGINT)
        reached.append("after the first")
        signal.raise_signal(signal.SIGINT)
        reached.append("after the second")
    assert reached == ["after the first"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_interrupts_that_somebody_else_handles_are_left_alone():
    heard = []
    before = signal.signal(signal.SIGINT, lambda *_: heard.append("theirs"))
    try:
        with interrupts.held() as hear:
            signal.raise_signal(signal.SIGINT)
            hear()
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == ["theirs"]


def test_fit_runs_in_another_thread(train):
    models = Mlp(), Mlp()
    thread = threading.Thread(
        target=quietly, args=(models[0], SGD(0.1), train), kwargs={"epochs": 1}
    )
    thread.start()
    thread.join()
    quietly(models[1], SGD(0.1), train, epochs=1)
    assert same(state(models[0]), state(models[1]))


def test_a_second_interrupt_does_not_leave_half_of_the_weights():
    class Hesitant:
        times, variable = 2, tf.Variable(0.0)

        @property
        def handle(self):
            if self.times:
                self.times -= 1
                raise KeyboardInterrupt
            return self.variable.handle

    variables = [tf.Variable(0.0), Hesitant(), tf.Variable(0.0)]
    tracing.assign(variables, [1.0, 2.0, 3.0])
    assert [float(variables[0]), float(Hesitant.variable), float(variables[2])] == [1.0, 2.0, 3.0]


# Arguments that do not fit together


def wrong(**changes):
    """Returns arguments of fit, right but for these."""
    images, labels = np.zeros((20, 28, 28), np.uint8), np.arange(20) % 10
    right = {"model": Mlp(), "images": images, "labels": labels, "epochs": 1, "batch_size": 5}
    return {**right, **changes}


class Constant(tf.Module):
    """A model that answers the same to all images and learns nothing."""

    def __call__(self, x, training):
        return tf.zeros((x.shape[0], 10))


class Flat(Mlp):
    """A model that forgot the axis of the classes."""

    def __call__(self, x, training):
        return super().__call__(x, training)[:, 0]


@pytest.mark.parametrize(
    "changes, found",
    [
        ({"labels": np.zeros(19, int)}, "20 images and 19 labels"),
        ({"images": np.zeros((0, 28, 28)), "labels": np.zeros(0, int)}, "0 images and 0 labels"),
        ({"labels": np.eye(10, dtype=int)[np.arange(20) % 10]}, r"\(20, 10\)"),
        ({"labels": np.full(20, 0.5)}, "float64"),
        ({"labels": np.full(20, 10)}, "10"),
        ({"labels": np.full(20, -1)}, "-1"),
        ({"images": np.full((20, 28, 28), 255.0)}, "float64 from 255 to 255"),
        ({"images": np.full((20, 28, 28), -0.5)}, "-0.5"),
        ({"images": np.full((20, 28, 28), np.nan)}, "nan"),
        ({"epochs": 0}, "epochs=0"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"batch_size": 21}, "batch_size=21.* 1 to 20"),
        ({"model": Constant()}, "no trainable variables"),
        ({"model": Flat()}, r"returns shape \(5,\)"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_fit_says_which_argument_is_wrong_and_what_it_found(changes, found):
    arguments = wrong(**changes)
    train = arguments.pop("images"), arguments.pop("labels")
    with pytest.raises(ValueError, match=found):
        fit(arguments.pop("model"), SGD(), train, **arguments)


def test_fit_checks_the_validation_data_before_the_first_step(train, validation):
    model = Mlp()
    with pytest.raises(ValueError, match="float64 from 0 to 255"):
        quietly(model, SGD(), train, (validation.images * 1.0, validation.labels))
    assert same(state(model), state(Mlp()))


# Without training


@pytest.mark.parametrize("n", [1, 1000, 2345])
def test_predict_and_evaluate_are_the_plain_computation(n, data):
    split, model = first(data.validation, n), Mlp(dropout=0.5, batch_norm=True)
    logits = model(mnist.scale(split.images), training=False).numpy()
    before = state(model)
    np.testing.assert_allclose(predict(model, split.images), logits, rtol=1e-5, atol=1e-5)
    loss = np.mean(tf.nn.sparse_softmax_cross_entropy_with_logits(split.labels, logits))
    accuracy = np.mean(np.argmax(logits, axis=1) == split.labels)
    assert evaluate(model, split) == pytest.approx((loss, accuracy), rel=1e-5)
    assert same(state(model), before)


def test_evaluate_sees_the_weights_as_they_are_now(train, validation):
    model = Mlp()
    before = evaluate(model, validation)
    quietly(model, SGD(0.1), train)
    assert evaluate(model, validation)[0] < before[0]
