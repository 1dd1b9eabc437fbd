"""The training loop: fit, evaluate, predict, and sweep for many runs of the same architecture.

A model is anything with `model(x, training=...) -> logits` and `trainable_variables`, where x is
float32 [batch, 28, 28] in [0, 1] and logits are float32 [batch, classes]: a tf.Module of ours, or
a Keras model. An optimizer is anything with `build`, `apply` and `iterations`: ours, or Keras's.

Notebook 01 writes this loop in ten lines. Here it is the same loop, moved into one compiled
TensorFlow function so that Python is asked for work a few times per epoch and not at every step.
"""

import functools
import math

import numpy as np
import tensorflow as tf

from shared.mnist import scale
from shared.progress import Progress

SLICES = 20  # calls per epoch, at most: as often, progress is shown and an interrupt is heard
STEPS = 10  # training steps per call, at least: with small networks, a call costs as much as a step


class History:
    """What a training went through, with the keys of Keras's History.

    history: {"loss", "accuracy", "val_loss", "val_accuracy", "seconds"}, one float per epoch;
    loss and accuracy are means over the epoch's training steps, val_* are measured after it.
    """

    def __init__(self):
        self.history = {}

    @property
    def epoch(self):
        """The epochs' numbers, from 0."""
        return list(range(len(self.history.get("loss", []))))

    def append(self, **values):
        """Adds one epoch."""
        for key, value in values.items():
            self.history.setdefault(key, []).append(value)


class Diverged(ArithmeticError):
    """The loss was not finite. `history` holds the epochs finished before that."""

    def __init__(self, message, history):
        super().__init__(message)
        self.history = history


def cross_entropy(labels, logits):
    """Returns each example's loss, [batch]: the log of the sum of exps less the label's logit.

    labels: int [batch]; logits: float [batch, classes].
    """
    return tf.reduce_logsumexp(logits, axis=1) - tf.gather(logits, labels, batch_dims=1)


def batch_order(n, seed, iterations):
    """Returns the order, int32 [n], in which an epoch that starts at this step visits n examples.

    It depends on nothing but its arguments, so that a training that goes on after a pause is the
    training without the pause.
    """
    return np.random.default_rng([seed, iterations]).permutation(n).astype(np.int32)


def fit(
    model,
    optimizer,
    train,
    validation=None,
    *,
    epochs,
    batch_size=128,
    seed=0,
    verbose=True,
    jit_compile=None,
):
    """Trains the model in place and returns its History. Called again, it goes on from there.

    train, validation: a Split, or any (images, labels); uint8 images are scaled to [0, 1].
    seed: sets the order of the batches, nothing else.
    jit_compile: let XLA compile the model; None does so unless it has convolutions, which run
    faster without.
    Kernel > Interrupt ends it with the history so far and the weights of the last whole epoch.
    Raises Diverged when the loss is not finite, and leaves those weights, too; ValueError if the
    arguments do not fit together.
    """
    _check(model, train, epochs, batch_size)
    if validation is not None:
        _check(model, validation, epochs, batch_size=1)
    images, labels = tf.constant(train[0]), tf.constant(train[1], tf.int32)
    run = _compiled(model, optimizer, _dense_only(model) if jit_compile is None else jit_compile)
    slices = _slices(len(labels), batch_size)
    state = _state(model, optimizer)
    history, finished = History(), [variable.numpy() for variable in state]
    try:
        progress = Progress(epochs, verbose)
        for size in {size for *_, size in slices}:
            nothing = tf.constant(0)  # no examples: this call compiles and changes nothing
            run(images, labels, tf.zeros(len(labels), tf.int32), nothing, nothing, size)
        progress.begin()
        for epoch in range(epochs):
            first_step = int(optimizer.iterations)
            order = tf.constant(batch_order(len(labels), seed, first_step))
            loss, correct, seen = 0.0, 0, 0
            for start, stop, size in slices:
                sums = run(images, labels, order, tf.constant(start), tf.constant(stop), size)
                loss, correct, seen = loss + float(sums[0]), correct + int(sums[1]), stop
                if not math.isfinite(loss):
                    raise Diverged(_advice(optimizer, epoch, first_step), history)
                progress.show(epoch, seen / len(labels), loss / seen, correct / seen)
            values = {"loss": loss / seen, "accuracy": correct / seen}
            if validation is not None:
                values["val_loss"], values["val_accuracy"] = evaluate(model, validation)
            saved = [variable.numpy() for variable in state]
            history.append(**values, seconds=progress.end(epoch, values))
            finished = saved
    except (KeyboardInterrupt, Diverged) as stop:
        for variable, value in zip(state, finished, strict=True):
            variable.assign(value)
        if isinstance(stop, Diverged):
            raise
        done = len(history.epoch)
        print(f"\ninterrupted in epoch {done + 1}: the weights are those after epoch {done}")
    return history


def evaluate(model, split):
    """Returns (mean loss, accuracy from 0 to 1) of the model, not training, on a Split."""
    logits, labels = predict(model, split[0]), tf.constant(split[1], tf.int32)
    accuracy = np.mean(np.argmax(logits, axis=1) == split[1])
    return float(tf.reduce_mean(cross_entropy(labels, logits))), float(accuracy)


def predict(model, images, batch_size=1000):
    """Returns the logits, float32 [n, classes], of the model, not training, for images [n, ...]."""
    forward = _forward(model)
    batches = (images[i : i + batch_size] for i in range(0, len(images), batch_size))
    return np.concatenate([forward(tf.constant(batch)).numpy() for batch in batches])


def sweep(build, settings, train, validation=None, *, batch_size=128, verbose=False, **options):
    """Trains build(setting) for each setting; yields (setting, trained model, History) in turn.

    build: a function from a setting (a seed, a learning rate ...) to (model, optimizer).
    As long as these compute the same thing and differ in the values of their variables only (the
    learning rate is one), the training step is compiled once, for the first, and trains them all.
    A run that diverges ends there; its History has the epochs before that. An interrupted run is
    the last one.
    options: those of fit.
    """
    images, labels = (
        tf.constant(train[0][:batch_size]),
        tf.constant(train[1][:batch_size], tf.int32),
    )
    compiled, compiled_graph = None, None
    for setting in settings:
        model, optimizer = build(setting)
        optimizer.build(model.trainable_variables)
        graph = _graph(model, optimizer, images, labels)
        if graph != compiled_graph:
            compiled, compiled_graph = build(setting), graph
            compiled[1].build(compiled[0].trainable_variables)
        _copy(_state(model, optimizer), _state(*compiled))
        try:
            history = fit(
                *compiled, train, validation, batch_size=batch_size, verbose=verbose, **options
            )
            interrupted = len(history.epoch) < options["epochs"]
        except Diverged as error:
            history, interrupted = error.history, False
        _copy(_state(*compiled), _state(model, optimizer))
        yield setting, model, history
        if interrupted:
            return


def _step(model, variables, apply):
    """Returns the function that takes one training step on a batch: the heart of it all."""

    @tf.autograph.experimental.do_not_convert
    def step(images, labels):
        with tf.GradientTape() as tape:
            logits = model(scale(images), training=True)
            losses = cross_entropy(labels, logits)
            loss = tf.reduce_mean(losses)
        apply(tape.gradient(loss, variables))
        hits = tf.argmax(logits, axis=1, output_type=tf.int32) == labels
        return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(hits, tf.int32))

    return step


@functools.lru_cache(maxsize=8)
def _compiled(model, optimizer, jit_compile):
    """Returns the function that takes many steps in one call, compiled for this model."""
    variables = model.trainable_variables
    optimizer.build(variables)

    @tf.function(autograph=False, jit_compile=True)  # XLA fuses its many small operations
    def apply(gradients):
        optimizer.apply(gradients, variables)

    step = _step(model, variables, apply)

    @tf.function(jit_compile=jit_compile)
    def run(images, labels, order, start, stop, batch_size):
        loss, correct = 0.0, 0
        while start < stop and tf.math.is_finite(loss):
            batch = tf.slice(order, [start], [batch_size])
            batch_loss, batch_correct = step(tf.gather(images, batch), tf.gather(labels, batch))
            loss += batch_loss
            correct += batch_correct
            start += batch_size
        return loss, correct

    return run


@functools.lru_cache(maxsize=8)
def _forward(model):
    """Returns the model's compiled forward pass, not training, from images to logits."""
    return tf.function(lambda images: model(scale(images), training=False), autograph=False)


def _slices(n, batch_size):
    """Returns [(start, stop, batch size)] over n examples; the last, smaller batch has its own."""
    whole = n // batch_size
    calls = max(1, min(SLICES, whole // STEPS))
    edges = [batch_size * (whole * i // calls) for i in range(calls + 1)]
    slices = [(a, b, batch_size) for a, b in zip(edges, edges[1:], strict=False) if a < b]
    return slices + ([(edges[-1], n, n - edges[-1])] if edges[-1] < n else [])


def _state(model, optimizer):
    """Returns all variables that training changes."""
    return [*model.variables, *optimizer.variables]


def _copy(source, target):
    for a, b in zip(source, target, strict=True):
        b.assign(a)


def _graph(model, optimizer, images, labels):
    """Returns the training step as a text, the same for two models that compute the same thing."""
    variables = model.trainable_variables
    step = _step(model, variables, lambda gradients: optimizer.apply(gradients, variables))
    return str(tf.function(step).get_concrete_function(images, labels).graph.as_graph_def())


def _dense_only(model):
    return all(len(variable.shape) != 4 for variable in model.trainable_variables)


def _advice(optimizer, epoch, first_step):
    rate, step = float(optimizer.learning_rate), int(optimizer.iterations) - first_step
    return (
        f"the loss is not finite in epoch {epoch + 1}, step {step}, at learning rate {rate:g}. "
        f"Try a learning rate of {rate / 10:g}; if that does not help, look at the initial "
        "weights and at the images' range, which should be 0 to 1."
    )


def _check(model, train, epochs, batch_size):
    """Raises ValueError, before the first step, if the arguments of fit do not fit together."""
    images, labels = train
    if len(images) != len(labels) or len(labels) == 0:
        raise ValueError(f"found {len(images)} images and {len(labels)} labels: expected as many")
    if len(labels.shape) != 1 or not np.issubdtype(np.asarray(labels).dtype, np.integer):
        raise ValueError(
            f"labels of type {labels.dtype} and shape {tuple(labels.shape)}: expected integers, "
            "one for each image"
        )
    if epochs < 1 or not 1 <= batch_size <= len(labels):
        raise ValueError(
            f"epochs={epochs}, batch_size={batch_size}: expected at least one epoch and a batch of "
            f"1 to {len(labels)}, the number of examples"
        )
    if images.dtype != np.uint8 and not 0 <= np.min(images) <= np.max(images) <= 1:
        raise ValueError(
            f"images of type {images.dtype} from {np.min(images):g} to {np.max(images):g}: "
            "expected uint8, or floats from 0 to 1 (divide by 255)"
        )
    logits = model(scale(images[:1]), training=False)
    if not model.trainable_variables:
        raise ValueError("the model has no trainable variables: keep them as attributes")
    if len(logits.shape) != 2 or not 0 <= np.min(labels) <= np.max(labels) < logits.shape[1]:
        raise ValueError(
            f"the model gives logits of shape {tuple(logits.shape)} for one image, the labels are "
            f"{np.min(labels)} to {np.max(labels)}: expected (1, classes) and labels below classes"
        )
