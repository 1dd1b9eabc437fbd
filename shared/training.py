"""The training loop: fit, evaluate, predict, and sweep for many runs of the same architecture.

A model is anything with `model(x, training=...) -> logits`, `trainable_variables` and `variables`,
where x is float32 [batch, 28, 28] in [0, 1], or images of another shape that the model takes, and
logits are floats [batch, classes]: a tf.Module of ours, or a Keras model. An optimizer is anything
with `build`, `apply`, `iterations`, `learning_rate` and `variables`: ours, or Keras's.

Images are arrays, lists, data frames or tensors [n, ...]: whole numbers from 0 to 255, which are
divided by 255, or floats from 0 to 1. Labels are whole numbers [n], from 0. Everything is checked
before the first step, and the model is traced before it runs (`checks`, `tracing`).

Notebook 01 writes this loop out. Here it is the same loop, moved into one compiled
TensorFlow function so that Python is asked for work a few times per epoch and not at every step.
"""

import math
import weakref
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from shared import arguments, checks, interrupts, model_checks, tracing
from shared.history import Diverged, new_history
from shared.history import History as History
from shared.mnist import scale
from shared.progress import Progress

SLICES = 20  # calls per epoch, at most: as often, progress is shown and an interrupt is heard
STEPS = 10  # training steps per call, at least: with small networks, a call costs as much as a step
KEPT = 8  # compiled steps, at most, for models that compute the same; XLA frees none


@checks.checked(model_checks.loss_arguments)
def cross_entropy(labels, logits):
    """Returns each example's loss, [batch]: the log of the sum of exps less the label's logit.

    labels: int [batch], from 0 to classes - 1; logits: float [batch, classes].
    Raises ValueError if their shapes or types are others, or a label (not in a trace) is too large.
    """
    return tf.reduce_logsumexp(logits, axis=1) - tf.gather(logits, labels, batch_dims=1)


def batch_order(n, seed, iterations):
    """Returns the order, int32 [n], in which an epoch that starts at this step visits n examples.

    It depends on nothing but its arguments, so that a training that goes on after a pause is the
    training without the pause.
    """
    n, seed = checks.whole(n, "n", 1), checks.whole(seed, "seed", 0)
    iterations = checks.whole(iterations, "iterations", 0)
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
    curve=None,
):
    """Trains the model in place and returns its History. Called again, it goes on from there.

    train, validation: a Split, or any (images, labels).
    seed: sets the order of the batches, nothing else.
    jit_compile: let XLA compile the model; None does so unless it has convolutions, which run
    faster without.
    curve: the title of the growing figure of loss and accuracy, see Progress.
    Kernel > Interrupt is heard between the calls of the compiled step. It leaves the weights of
    the last whole epoch, and the History so far as `model.history`, where it always is; then
    KeyboardInterrupt stops the cell and all that waits.
    Raises Diverged when the loss is not finite, and leaves those weights, too; ValueError or
    TypeError, before the first step, if an argument is wrong or the arguments do not fit together.
    """
    checks.model(model)
    checks.optimizer(optimizer)
    plan = arguments.plan(train, validation, epochs, batch_size, seed, verbose, jit_compile, curve)
    history = new_history(model)
    _run(model, optimizer, plan, history)
    return history


def evaluate(model, split):
    """Returns (mean loss, accuracy from 0 to 1) of the model, not training, on a Split.

    Raises what fit raises for the same mistake.
    """
    checks.model(model)
    images, labels = checks.split(split, "split")
    with interrupts.held():
        logits = _logits(_forward(model), images)
    model_checks.measurable(labels, logits)
    return _measures(logits, labels)


def predict(model, images, batch_size=1000):
    """Returns the logits, float32 [n, classes], of the model, not training, for images [n, ...].

    There is one row for each image; n may be 0. What the model returns is handed on as it is, so
    that a model that ends in a softmax gives probabilities.
    Raises what fit raises for the same mistake.
    """
    checks.model(model)
    images, batch_size = checks.images(images), checks.whole(batch_size, "batch_size", 1)
    with interrupts.held():
        return _logits(_forward(model, for_loss=False), images, batch_size)


def sweep(
    build,
    settings,
    train,
    validation=None,
    *,
    epochs,
    seeds=None,
    batch_size=128,
    seed=0,
    verbose=False,
    jit_compile=None,
    curve=None,
):
    """Trains what build makes of each setting; yields (setting, trained model, History) in turn.

    build: a function from a setting (a learning rate, a size ...) to a new (model, optimizer).
    seeds: then build(setting, seed) is called for each setting and, in it, each seed; the same
    seed sets the run's order of batches; ((setting, seed), model, History) is yielded.
    A run is the bits that fit gives it alone. A run that diverges ends there; its History has the
    epochs before that.
    An interrupt stops the sweep; the History so far is the model's, as after fit.
    The other arguments are those of fit.
    """
    runs = arguments.runs(build, settings, seeds, seed)
    plan = arguments.plan(train, validation, epochs, batch_size, seed, verbose, jit_compile, curve)
    return _sweep(build, runs, plan)


def _sweep(build, runs, plan):
    owned = weakref.WeakValueDictionary()
    for setting, of_build, seed in runs:
        model, optimizer = arguments.built(build(*of_build), owned)
        history = new_history(model)
        try:
            _run(model, optimizer, plan._replace(seed=seed), history)
        except Diverged:
            pass
        yield setting, model, history


class Step(NamedTuple):
    """What is compiled for a model, and what it works on."""

    run: object  # takes many training steps in one call
    forward: object  # from images to logits, not training
    state: list  # all variables that training changes
    optimizer: object


_steps = {}  # what is computed, and on which shapes: the Step for it, the last used at the end


def _run(model, optimizer, plan, history):
    """Trains with the step that was compiled for the first model which computes the same.

    It works on that model's variables: their values are exchanged before and after.
    """
    with interrupts.held() as hear:
        signature, state = _traced(model, optimizer, plan)
        jit_compile = _dense_only(model) if plan.jit_compile is None else plan.jit_compile
        arrays = [plan.images, *(plan.validation or ())[:1]]
        key = signature, jit_compile, *((tuple(x.shape), str(x.dtype)) for x in arrays)
        step = _steps.pop(key, None)  # nobody else has it while it is used
        if step is None or not tracing.exchangeable(step.state, state):
            step = _compiled(model, optimizer, state, jit_compile)
        complete = False  # after anything else, not all of it may have been compiled
        tracing.exchange(step.state, state)
        try:
            _check_logits(step.forward, plan)
            _train(step, plan, history, hear)
            complete = True
        except Diverged:
            complete = True
            raise
        finally:
            tracing.exchange(step.state, state)
            if complete and not tf.config.functions_run_eagerly():
                _steps[key] = step
                for old in [*_steps][:-KEPT]:
                    del _steps[old]


def _train(step, plan, history, hear):
    """The loop over the epochs, which fills the History; hear raises an interrupt that has come."""
    images, labels, validation, epochs, batch_size, seed, *_ = plan
    slices = _slices(len(labels), batch_size)
    finished = 0, tracing.values(step.state)
    progress = Progress(epochs, plan.verbose, plan.curve)
    try:
        for size in {size for *_, size in slices}:
            nothing = tf.constant(0)  # no examples: this call compiles and changes nothing
            step.run(images, labels, tf.zeros(len(labels), tf.int32), nothing, nothing, size)
            hear()
        progress.begin()
        for epoch in range(epochs):
            first_step = int(step.optimizer.iterations)
            order = tf.constant(batch_order(len(labels), seed, first_step))
            loss, correct, seen = 0.0, 0, 0
            for start, stop, size in slices:
                sums = step.run(images, labels, order, tf.constant(start), tf.constant(stop), size)
                loss, correct, seen = loss + float(sums[0]), correct + int(sums[1]), stop
                if not math.isfinite(loss):
                    raise Diverged(_advice(step.optimizer, epoch, first_step), history)
                progress.show(epoch, seen / len(labels), loss / seen, correct / seen)
                hear()
            values = {"loss": loss / seen, "accuracy": correct / seen}
            if validation is not None:
                logits = _logits(step.forward, validation[0])
                values["val_loss"], values["val_accuracy"] = _measures(logits, validation[1])
            saved = tracing.values(step.state)
            history.append(**values, seconds=progress.end(epoch, values))
            finished = epoch + 1, saved
    except (KeyboardInterrupt, Diverged) as stop:
        done, values = finished
        tracing.assign(step.state, values)
        history.cut(done)
        progress.close()
        if isinstance(stop, KeyboardInterrupt):
            print(
                f"\ninterrupted in epoch {done + 1}: the weights are those after epoch {done}, "
                "model.history has the epochs so far"
            )
        raise


def _step(model, variables, apply):
    """Returns the function that takes one training step on a batch: the heart of it all."""

    @tf.autograph.experimental.do_not_convert
    def step(images, labels):
        with tf.GradientTape() as tape:
            logits = tf.cast(model(scale(images), training=True), tf.float32)
            losses = cross_entropy(labels, logits)
            loss = tf.reduce_mean(losses)
        apply(tape.gradient(loss, variables))
        hits = tf.argmax(logits, axis=1, output_type=tf.int32) == labels
        return tf.reduce_sum(losses), tf.reduce_sum(tf.cast(hits, tf.int32))

    return step


def _compiled(model, optimizer, state, jit_compile):
    """Returns the Step of this model: its functions, which TensorFlow compiles when first called.

    They hold the model weakly, so that it can go when nobody else holds it: once compiled they
    need no more than its variables.
    """
    variables = model.trainable_variables
    try:
        model = weakref.proxy(model)
    except TypeError:  # a class that allows no weak references: then it is not kept either
        pass

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

    return Step(run, _forward(model), state, optimizer)


def _forward(model, for_loss=True):
    """Returns the model's compiled forward pass, not training, from images to logits."""
    return tf.function(
        lambda images: tracing.logits(model, scale(images), False, for_loss), autograph=False
    )


def _logits(forward, images, batch_size=1000):
    """Returns the logits of all images; each size of batch is traced before any is computed."""
    batches = [images[i : i + batch_size] for i in range(0, len(images), batch_size)]
    for size in {len(batch) for batch in batches} or {1}:
        spec = tf.TensorSpec([size, *images.shape[1:]], images.dtype)
        classes = forward.get_concrete_function(spec).output_shapes[-1]
    if not batches:
        return np.zeros((0, classes), np.float32)
    computed = [forward(tf.constant(x)).numpy() for x in batches]
    return np.concatenate([*map(model_checks.rows, computed, map(len, batches))])


def _measures(logits, labels):
    """Returns the mean loss and the accuracy of logits [n, classes]."""
    loss = tf.reduce_mean(cross_entropy(labels, logits))
    return float(loss), float(np.mean(np.argmax(logits, axis=1) == labels))


def _traced(model, optimizer, plan):
    """Returns the signature of the step and its state, after the checks that need the model."""
    n, batch_size, shape = len(plan.labels), plan.batch_size, plan.images.shape[1:]
    sizes = [(batch_size, True)] + [(n % batch_size, True)] * (n % batch_size > 0)
    if plan.validation is not None:
        sizes.append((min(1000, len(plan.validation[1])), False))
    traced = tracing.step(model, optimizer, shape, sizes, cross_entropy)
    tracing.schedule(optimizer, plan.epochs * math.ceil(n / batch_size))
    return traced


def _check_logits(forward, plan):
    """Checks, before the first step, what the loss will be computed from."""
    validation = plan.validation or (plan.images[: plan.batch_size].numpy(), plan.labels.numpy())
    logits = _logits(forward, validation[0])
    for labels in (plan.labels.numpy(), validation[1]):
        model_checks.classes(labels, logits)
    model_checks.no_probabilities(logits)


def _slices(n, batch_size):
    """Returns [(start, stop, batch size)] over n examples; the last, smaller batch has its own."""
    whole = n // batch_size
    calls = max(1, min(SLICES, whole // STEPS))
    edges = [batch_size * (whole * i // calls) for i in range(calls + 1)]
    slices = [(a, b, batch_size) for a, b in zip(edges, edges[1:], strict=False) if a < b]
    return slices + ([(edges[-1], n, n - edges[-1])] if edges[-1] < n else [])


def _dense_only(model):
    return all(len(variable.shape) != 4 for variable in model.trainable_variables)


def _advice(optimizer, epoch, first_step):
    rate, step = float(optimizer.learning_rate), int(optimizer.iterations) - first_step
    slower = (
        f"Try a learning rate of {rate / 10:g}; if that does not help, look" if rate else "Look"
    )
    return (
        f"the loss is not finite in epoch {epoch + 1}, step {step}, at learning rate {rate:g}. "
        f"{slower} at the initial weights and at the images' range, which should be 0 to 1."
    )
