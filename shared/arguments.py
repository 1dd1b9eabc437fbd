"""The arguments of fit and sweep, checked and in the form in which the loop wants them."""

import inspect
from typing import NamedTuple

import tensorflow as tf

from shared import checks


class Plan(NamedTuple):
    """The checked arguments of a training."""

    images: tf.Tensor
    labels: tf.Tensor
    validation: tuple | None
    epochs: int
    batch_size: int
    seed: int
    verbose: bool
    jit_compile: bool | None
    curve: str | None


def plan(train, validation, epochs, batch_size, seed, verbose, jit_compile, curve):
    """Returns the arguments of a training, checked."""
    images, labels = checks.split(train, "train")
    if validation is not None:
        validation = checks.split(validation, "validation")
        if validation[0].shape[1:] != images.shape[1:]:
            raise ValueError(
                f"images of shape {images.shape} in train and {validation[0].shape} in validation: "
                "expected the same but for their number"
            )
    return Plan(
        tf.constant(images),
        tf.constant(labels),
        validation,
        checks.whole(epochs, "epochs", 1),
        checks.whole(batch_size, "batch_size", 1, len(labels)),
        checks.whole(seed, "seed", 0),
        checks.flag(verbose, "verbose"),
        None if jit_compile is None else checks.flag(jit_compile, "jit_compile"),
        _title(curve, "curve"),
    )


def runs(build, settings, seeds, seed):
    """Returns [(what is yielded as the setting, arguments of build, seed of the order)]."""
    if not callable(build):
        raise TypeError(f"build is {checks.kind(build)}: expected a function of a setting")
    settings = _items(settings, "settings")
    if seeds is None:
        return [(setting, (setting,), seed) for setting in settings]
    seeds = [checks.whole(value, "a seed", 0) for value in _items(seeds, "seeds")]
    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds={seeds}: expected different ones, or runs would be the same")
    if seed != 0:
        raise ValueError(
            f"seed={seed!r} and seeds: expected one of them, each run has its own seed"
        )
    _check_takes_seed(build)
    return [((setting, s), (setting, s), s) for setting in settings for s in seeds]


def built(pair, owned):
    """Returns (model, optimizer) as build made them, if they are new."""
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise TypeError(f"build returned {checks.kind(pair)}: expected (model, optimizer)")
    model, optimizer = pair
    checks.model(model)
    checks.optimizer(optimizer)
    if any(owned.get(id(w)) is w for w in (*model.variables, *optimizer.variables)):
        raise ValueError(
            "build returned a model or an optimizer of an earlier setting: expected new ones, made "
            "in build"
        )
    owned.update((id(w), w) for w in (*model.variables, *optimizer.variables))
    return model, optimizer


def _title(value, name):
    """Returns the text, or None, if it is one of them."""
    if not isinstance(value, str | None):
        raise TypeError(f"{name} is {checks.kind(value)}: expected None or a title")
    return value


def _items(value, name):
    """Returns a list of what the value holds, at least one; a text is not taken apart."""
    try:
        found = None if isinstance(value, str | bytes) else list(value)
    except TypeError:
        found = None
    if found is None:
        raise TypeError(f"{name} is {checks.kind(value)}: expected a list")
    if not found:
        raise ValueError(f"{name} is empty: expected at least one")
    return found


def _check_takes_seed(build):
    """Raises TypeError unless build can be called as build(setting, seed), and means the seed."""
    try:
        signature = inspect.signature(build)
    except ValueError:  # no signature to be found
        return
    try:
        signature.bind(None, 0)
    except TypeError as error:
        raise TypeError(f"with seeds, build is called as build(setting, seed): {error}") from None
    second = [*signature.parameters.values()][1:2]
    if second and second[0].default is not inspect.Parameter.empty and second[0].name != "seed":
        raise TypeError(
            f"with seeds, build is called as build(setting, seed), but its second argument is "
            f"{second[0].name}={second[0].default!r}: put the seed second"
        )
