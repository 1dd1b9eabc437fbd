"""Installed in a notebook's kernel before its first cell: every training becomes a short one.

At most 1,000 images or ten batches, two epochs, four batches of validation in Keras's fit, nothing
compiled by XLA, which would take longer than the steps; and claims are printed but not checked,
since they speak of the whole training. Of the seeds of a sweep only the first is trained, and of
the trainings by Keras in one cell only the first: the others get nearly the same History. Keras
evaluates at most 500 images. For more than 5,000 it predicts 500 and repeats what it found.
"""

import copy
import functools

import IPython
import keras
import numpy as np
import tensorflow as tf

from shared import claims, mnist, training


def lengthened(history, epochs):
    """Repeats the last epoch's numbers, so that a cell that looks at a late epoch finds one."""
    for values in history.history.values():
        if len(values) == min(epochs, 2):
            values += values[-1:] * (epochs - len(values))
    return history


def varied(history, number):
    """Returns a copy whose numbers differ a little, as those of runs do."""
    other = copy.copy(history)
    other.history = {
        key: [value * (1 - 0.001 * number) for value in values]
        for key, values in history.history.items()
    }
    return other


def few(split):
    return mnist.Split(split.images[:1000], split.labels[:1000])


@functools.wraps(training.fit)
def fit(model, optimizer, train, *rest, epochs, batch_size=128, fit=training.fit, **options):
    options |= {"epochs": min(epochs, 2), "batch_size": min(batch_size, 500)}
    history = fit(model, optimizer, few(train), *rest, **options)
    return lengthened(history, epochs)


@functools.wraps(training.sweep)
def sweep(build, settings, train, *rest, epochs, batch_size=128, sweep=training.sweep, **options):
    options |= {"epochs": min(epochs, 2), "batch_size": min(batch_size, 500)}
    first, *others = options.pop("seeds", None) or [None]
    seeds = None if first is None else [first]
    for setting, model, history in sweep(
        build, settings, few(train), *rest, seeds=seeds, **options
    ):
        yield setting, model, lengthened(history, epochs)
        for number, seed in enumerate(others, 1):
            other, _ = build(setting[0], seed)
            for variable, value in zip(other.variables, model.variables, strict=True):
                variable.assign(value)
            other.history = varied(history, number)
            yield (setting[0], seed), other, other.history


trained_by_keras = []  # the cells, by number, in which Keras has trained, and the last History


def keras_fit(model, *data, epochs=1, fit=keras.Model.fit, **options):
    shell = IPython.get_ipython()  # None outside a notebook
    cell = shell and shell.execution_count
    before = [history for number, history in trained_by_keras if shell and number == cell]
    if before and not options.get("callbacks"):
        model.optimizer.build(model.trainable_variables)
        model.history = varied(before[0], len(before))
        trained_by_keras.append((cell, model.history))
        return model.history
    options |= {"steps_per_epoch": 10, "validation_freq": 1}
    if "validation_data" in options:
        options["validation_steps"] = 4
    history = lengthened(fit(model, *data, epochs=min(epochs, 2), **options), epochs)
    trained_by_keras.append((cell, history))
    return history


def keras_evaluate(model, x, y=None, *, evaluate=keras.Model.evaluate, **options):
    if y is not None:
        x, y = x[:500], y[:500]
    return evaluate(model, x, y, **options)


def keras_predict(model, x, *, predict=keras.Model.predict, **options):
    if len(x) <= 5000:  # of the validation images, exercises need each prediction
        return predict(model, x, **options)
    found = predict(model, x[:500], **options)
    return np.resize(found, (len(x), *found.shape[1:]))


def function(body=None, jit_compile=None, function=tf.function, **options):
    return function(body, **options)


def claim(text, condition, **values):
    print("claim:", text)


def paired_difference(a, b, exact=claims.paired_difference):
    """Runs that were not trained may be the same for each seed, which is otherwise an error."""
    return exact(np.asarray(a) + 1e-6 * np.arange(len(a)), b)


def install(put=setattr):
    """Replaces what trains by its short version; put: setattr, or that of pytest's monkeypatch."""
    for owner, name, short in (
        (training, "fit", fit),
        (training, "sweep", sweep),
        (claims, "claim", claim),
        (claims, "paired_difference", paired_difference),
        (keras.Model, "fit", keras_fit),
        (keras.Model, "evaluate", keras_evaluate),
        (keras.Model, "predict", keras_predict),
        (tf, "function", function),
    ):
        put(owner, name, short)
