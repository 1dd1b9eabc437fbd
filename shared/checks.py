"""What every entrance checks, in the same words: what was found, what was expected, what to do.

ValueError: the values, the shape or the type of the elements are wrong. TypeError: it is another
kind of object. Each check returns what it was given in the one form in which the rest of the
module works: NumPy arrays, ints, floats.
"""

import functools
import inspect
import numbers
import os
import pathlib
import re

import numpy as np
import tensorflow as tf

FAINT = 32  # whole numbers below it have another full ink than 255: 1, or 16 as in scikit-learn
TOLERANCE = 1e-4  # by which a float image may leave 0 to 1: rounding, as of an interpolation


def images(x, name="images"):
    """Returns images as an array [n, ...], uint8 from 0 to 255 or float32 from 0 to 1.

    x: an array, a list of arrays, a data frame, a tensor; n may be 0. Floats of any size are from
    0 to 1 and become float32; whole numbers of any size are from 0 to 255 and become uint8;
    True and False are 1 and 0. What could be read in two ways is refused: floats up to 255, whole
    numbers up to 31, floats that were divided by 255 twice.
    """
    array = array_of(x, name, "an array [n, 28, 28] of uint8 from 0 to 255 or floats from 0 to 1")
    if array.ndim < 2:
        raise ValueError(
            f"{name} of shape {array.shape}: expected [n, 28, 28], or another shape that begins "
            "with the number of images; a single image is passed as image[None]"
        )
    if array.dtype == bool:
        return array.astype(np.float32)
    return pixels(array, name)


def pixels(array, name="images"):
    """Returns pixels, an array of any shape, as uint8 from 0 to 255 or float32 from 0 to 1."""
    whole = array.dtype.kind in "iu"
    if array.dtype.kind not in "iuf":
        raise ValueError(
            f"{name} of type {_type(array)}: expected uint8 from 0 to 255 or floats from 0 to 1"
        )
    if not array.size:
        return array.astype(np.uint8 if whole else np.float32)
    low, high = array.min(), array.max()
    found = f"{name} of type {array.dtype} from {low:g} to {high:g}"
    if whole and low >= 0 and 1 <= high < FAINT:
        raise ValueError(
            f"{found}: expected 0 to 255 for whole numbers; if {high} is full ink, write "
            f"({name} / {high}).astype('float32')"
        )
    if whole and 0 <= low and high <= 255:
        return array.astype(np.uint8, copy=False)
    if not whole and 0 <= low and 0 < high < 1.01 / 255:
        raise ValueError(
            f"{found}: expected floats from 0 to 1; these look as if they were divided by 255 twice"
        )
    if not whole and -TOLERANCE <= low and high <= 1 + TOLERANCE:
        return array.astype(np.float32, copy=False)
    if not np.isfinite(low + high):
        advice = "replace what is not a finite number"
    elif 0 <= low and 128 <= high <= 255:
        advice = "divide by 255"
    else:
        advice = "scale them to 0 to 1"
    raise ValueError(f"{found}: expected uint8, or floats from 0 to 1 ({advice})")


def labels(y, name="labels"):
    """Returns labels as int32 [n], 0 or more; y: integers [n], in any container."""
    array = array_of(y, name, "integers [n], one for each image")
    found = f"{name} of type {_type(array)} and shape {array.shape}"
    expected = "expected integers [n], one for each image"
    if array.ndim == 2 and 1 in array.shape:
        raise ValueError(f"{found}: {expected}; write np.ravel({name})")
    if array.ndim == 2:
        raise ValueError(f"{found}: {expected}; if they are one-hot, write {name}.argmax(axis=1)")
    if array.ndim != 1:
        raise ValueError(f"{found}: {expected}")
    if not array.size:
        return np.zeros(0, np.int32)
    if array.dtype.kind not in "iu":
        raise ValueError(
            f"{found}: {expected}; if they are class numbers, write {name}.astype(int)"
        )
    if not 0 <= array.min() <= array.max() < 2**31:
        raise ValueError(
            f"{name} from {array.min()} to {array.max()}: expected the numbers of the classes, "
            "which begin at 0"
        )
    return array.astype(np.int32, copy=False)


def split(pair, name="train"):
    """Returns (images, labels), at least one of them and as many of both, of a Split or a pair."""
    expected = "(images, labels), as data.train is"
    if hasattr(pair, "train") and hasattr(pair, "test"):
        raise TypeError(
            f"{name} is a whole {type(pair).__name__}: expected one of its splits, .train"
        )
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise TypeError(f"{name} is {kind(pair)}: expected {expected}{_advice(pair)}")
    x, y = (array_of(part, part_name, f"{name} to be {expected}") for part, part_name in
            zip(pair, ("images", "labels"), strict=True))  # fmt: skip
    if x.ndim == 1 and y.ndim > 1:
        raise ValueError(
            f"{name} has images of shape {x.shape} and labels of shape {y.shape}: expected "
            "(images, labels), these are the other way round"
        )
    x, y = images(x), labels(y)
    if len(x) != len(y) or not len(y):
        raise ValueError(
            f"found {len(x)} images and {len(y)} labels in {name}: expected as many, at least one"
        )
    return x, y


def whole(value, name, least, most=None):
    """Returns a whole number as an int, if it is between these two; True is none, nor is 3.0."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name}={value!r}: expected a whole number, found {kind(value)}")
    if value < least or (most is not None and value > most):
        limits = f"at least {least}" if most is None else f"{least} to {most}"
        raise ValueError(f"{name}={value}: expected {limits}")
    return int(value)


def number(value, name, low=-np.inf, high=np.inf):
    """Returns a finite number as a float, if it is from low to high."""
    if hasattr(value, "dtype") and tuple(value.shape) == ():
        value = np.asarray(value)[()]
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} is {kind(value)}: expected a number")
    if not np.isfinite(value) or not low <= value <= high:
        limits = f"a finite number from {low:g} to {high:g}".replace(" from -inf to inf", "")
        raise ValueError(f"{name}={value:g}: expected {limits}")
    return float(value)


def path(value, name):
    """Returns a Path, "~" at its beginning being the home folder; a file need not be there."""
    if not isinstance(value, str | os.PathLike) or isinstance(os.fspath(value), bytes):
        raise TypeError(f"{name} is {kind(value)}: expected the path of a {name}")
    text = os.fspath(value)
    if re.match("[a-z]+://|data:", text.lower()):
        raise ValueError(
            f"{name} is the address {text[:60]!r}: expected the path of a {name}; download it first"
        )
    if not text or "\0" in text:
        raise ValueError(f"{name} is {text[:60]!r}: expected the path of a {name}")
    try:
        found = pathlib.Path(text).expanduser()
        found.exists()
    except (RuntimeError, OSError) as error:  # no home folder; a name too long
        raise ValueError(f"{name} is no path of this system: {str(error)[:80]}") from None
    return found


def flag(value, name):
    """Returns True or False, if it is one of them, or 1 or 0."""
    if not isinstance(value, bool | np.bool_ | int) or value not in (0, 1):
        raise TypeError(f"{name}={value!r}: expected True or False, found {kind(value)}")
    return bool(value)


def checked(check):
    """Decorates a function or method: check sees the arguments of each call before it does.

    check takes the same arguments by the same names, defaults included, and raises what is wrong.
    So what a notebook teaches stands in `layers` and `optimizers` exactly as it is taught.
    """

    def decorate(function):
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*positional, **named):
            arguments = signature.bind(*positional, **named)
            arguments.apply_defaults()
            check(**arguments.arguments)
            return function(*positional, **named)

        return call

    return decorate


def kind(x):
    """Returns words for what kind of object this is."""
    if x is None:
        return "None"
    if isinstance(x, str):
        return f"the string {x!r}"
    if isinstance(x, type):
        return f"the class {x.__name__}"
    if isinstance(x, tf.data.Dataset):
        return "a tf.data.Dataset"
    if hasattr(x, "shape") and hasattr(x, "dtype"):
        return f"an array of shape {tuple(x.shape)}"
    name = type(x).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def array_of(x, name, expected):
    """Returns x as a NumPy array, whatever holds it."""
    if hasattr(x, "train") and hasattr(x, "test"):
        raise TypeError(f"{name} is a whole {type(x).__name__}: expected .train.{name}")
    if hasattr(x, "images") and hasattr(x, "labels"):
        raise TypeError(f"{name} is a whole {type(x).__name__}: expected its .{name}")
    no_mask(x, name)
    try:
        array = None if isinstance(x, tf.data.Dataset | str | bytes) else np.asarray(x)
    except Exception as error:  # whatever a container raises: parts of different shapes, mostly
        raise ValueError(
            f"{name} cannot be made one array ({error}): expected {expected}"
        ) from None
    if array is None or (array.ndim == 0 and array.dtype == object):
        raise TypeError(f"{name} is {kind(x)}: expected {expected}{_advice(x)}")
    if array.dtype == tf.bfloat16.as_numpy_dtype:  # NumPy does not count it as a float
        array = array.astype(np.float32)
    return array


def no_mask(x, name):
    """Raises ValueError for a masked array, whose masked values NumPy would use like any other."""
    if any(map(np.ma.is_masked, x if isinstance(x, list | tuple) else [x])):
        raise ValueError(
            f"{name} with masked values: expected an array without a mask, such as "
            f"{name}.filled(0), or only what is not masked"
        )


def _advice(x):
    """Returns what to do with a container that does not say how much it holds."""
    if not isinstance(x, tf.data.Dataset):
        return ""
    return (
        "; of a dataset of batches, they are np.concatenate([images for images, _ in dataset]) and "
        "np.concatenate([labels for _, labels in dataset])"
    )


def _type(array):
    """Returns the name of the elements' type; strings have no length in it."""
    return {"U": "str", "S": "bytes", "O": "object"}.get(array.dtype.kind, str(array.dtype))


def model(value):
    """Raises TypeError unless this can be called as a model is and knows its variables."""
    if isinstance(value, type):
        raise TypeError(f"the model is {kind(value)}: write {value.__name__}(...), with brackets")
    if not callable(value) or isinstance(value, tf.Tensor):
        raise TypeError(f"the model is {kind(value)}: expected something to call, as a tf.Module")
    for name in ("trainable_variables", "variables"):
        if not isinstance(getattr(value, name, None), list | tuple):
            raise TypeError(
                f"the model, {kind(value)}, has no {name}: expected a tf.Module, a Keras model, or "
                f"an object with a list of them"
            )
        for w in getattr(value, name):
            if not hasattr(w, "assign") or not hasattr(w, "handle"):
                raise TypeError(f"{kind(w)} is among the model's {name}: expected tf.Variables")
    try:
        inspect.signature(value).bind(None, training=True)
    except TypeError:
        raise TypeError(
            f"the model, {kind(value)}, cannot be called as model(images, training=True): "
            "give its __call__ these two parameters"
        ) from None
    except ValueError:  # no signature to be found
        pass


def optimizer(value, variables=None):
    """Raises TypeError unless this is an optimizer; ValueError if it is that of other variables."""
    order = "fit(model, optimizer, (images, labels), ...)"
    if isinstance(value, str):
        names = {"sgd": "SGD", "rmsprop": "RMSprop", "adam": "Adam"}
        write = names.get(value.lower(), "Adam")
        raise TypeError(f"the optimizer is {kind(value)}: write optimizers.{write}()")
    if isinstance(value, type):
        raise TypeError(f"the optimizer is {kind(value)}: write {value.__name__}(), with brackets")
    if not all(hasattr(value, name) for name in ("build", "apply", "iterations", "learning_rate")):
        raise TypeError(
            f"the optimizer is {kind(value)}: expected {order}, the optimizer as in optimizers, or "
            "Keras's"
        )
    owned = getattr(value, "_trainable_variables", None)  # Keras keeps them here
    if variables is not None and owned:
        if [*map(id, owned)] != [*map(id, variables)]:
            raise ValueError(
                f"this optimizer was built for {len(owned)} variables, and these {len(variables)} "
                "are not the same ones: it remembers their gradients and steps. Make a new "
                "optimizer for each model, and after layers were replaced or frozen"
            )
    if variables is None:
        rate = value.learning_rate
        number(rate() if callable(rate) else rate, "the learning rate", 0)
