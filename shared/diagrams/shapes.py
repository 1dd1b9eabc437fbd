"""Reads the layers of a model: which shapes follow one another, and which parameters lie between.

A model of ours is a tf.Module with Dense and Conv parts, or with W and b of its own; its parts
are taken in the order in which __init__ made them. A Keras model is read layer by layer.
"""

import math
from typing import NamedTuple

import numpy as np

VECTORS = {"bias": "b", "biases": "b", "gamma": "γ", "beta": "β"}
MATRICES = {"kernel": "W"}


class Layer(NamedTuple):
    """What one layer with weights gives out, what it does, and its parameters."""

    shape: tuple  # of what it gives out: (units,) or (height, width, channels)
    operation: str
    parameters: dict  # {symbol: shape}

    @property
    def size(self):
        """The number of parameters."""
        return sum(math.prod(shape) for shape in self.parameters.values())


def read(model, image=(28, 28)):
    """Returns (the shape of the input, [Layer, ...]) of a model or of a list of sizes.

    model: a list of sizes, such as [784, 128, 10], for dense layers with biases; a tf.Module of
    ours; a Keras model that is built. image: height and width of what a convolutional tf.Module
    is given. Raises TypeError for another object, and ValueError for layers that do not follow
    one another.
    """
    if isinstance(model, (list, tuple, np.ndarray)):
        return sizes(model)
    if isinstance(model, type):
        raise TypeError(f"found the class {model.__name__}, expected a model made from it")
    if isinstance(getattr(model, "layers", None), list) and hasattr(model, "count_params"):
        first, layers = keras(model)
    elif hasattr(model, "trainable_variables"):
        first, layers = module(model, image)
    else:
        raise TypeError(
            f"found {type(model).__name__}, expected a model with layers or a list of sizes, "
            "such as [784, 128, 10]"
        )
    total = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    drawn = sum(layer.size for layer in layers)
    if not layers or drawn != total:
        raise ValueError(
            f"found {total:,} trainable parameters, of which {drawn:,} belong to layers that can "
            "be drawn (dense, convolution, normalisation): give a list of sizes instead"
        )
    return first, layers


def sizes(numbers):
    """Returns what read does, for the sizes of dense layers."""
    whole = [isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in numbers]
    if len(numbers) < 2 or not all(whole) or min(numbers) < 1:
        raise ValueError(
            f"found the sizes {list(numbers)}, expected two or more whole numbers from 1 on, "
            "such as [784, 128, 10]"
        )
    pairs = zip(numbers, numbers[1:], strict=False)
    return (int(numbers[0]),), [
        Layer((int(n),), "dense", {"W": (int(m), int(n)), "b": (int(n),)}) for m, n in pairs
    ]


def variables(part, owner=None, name="", seen=None):
    """Yields (owner, name, variable) of a tf.Module in the order in which they were made."""
    seen = set() if seen is None else seen
    if id(part) in seen:
        return
    seen.add(id(part))
    if isinstance(part, (list, tuple)):
        for item in part:
            yield from variables(item, owner, name, seen)
    elif hasattr(part, "assign") and getattr(part, "trainable", False):
        yield owner, name, part
    elif hasattr(part, "trainable_variables"):
        for key, value in vars(part).items():
            if not key.startswith("_"):
                yield from variables(value, part, key, seen)


def module(model, image):
    """Returns what read does, for a tf.Module."""
    found, layers, owners = list(variables(model)), [], []
    shape = None
    for owner, name, variable in found:
        weights = tuple(variable.shape)
        if len(weights) not in (2, 4):
            continue
        if shape is None:
            shape = first = weights[:1] if len(weights) == 2 else (*image, weights[2])
        entering = math.prod(shape) if len(weights) == 2 else shape[-1]
        if weights[-2] != entering or (len(weights) == 4 and len(shape) != 3):
            raise ValueError(
                f"found a layer of shape {list(weights)} after an output of shape {list(shape)}: "
                "make the layers in __init__ in the order in which they are called, or give the "
                "size of the images, image=(height, width)"
            )
        operation = "dense"
        if len(weights) == 2:
            shape = weights[1:]
        else:
            pool = bool(getattr(owner, "pool", False))
            cut = weights[0] - 1 if getattr(owner, "padding", "SAME") == "VALID" else 0
            shape = (*((side - cut) // (1 + pool) for side in shape[:2]), weights[3])
            operation = f"convolution\n{times_of(weights)}" + ", max pooling" * pool
        layers.append(Layer(shape, operation, {MATRICES.get(name, name): weights}))
        owners.append(owner)
    for owner, name, variable in found:
        size, symbol = tuple(variable.shape), VECTORS.get(name, name)
        if len(size) == 1:
            fits = [
                layer.parameters
                for layer, whose in sorted(
                    zip(layers, owners, strict=True), key=lambda pair: pair[1] is not owner
                )
                if layer.shape[-1:] == size and symbol not in layer.parameters
            ]
            if fits:
                fits[0][symbol] = size
    return (first if layers else ()), layers


def times_of(weights):
    """Returns the size of a kernel as a text: 3 × 3."""
    return f"{weights[0]} × {weights[1]}"


def keras(model):
    """Returns what read does, for a Keras model whose layers follow one another."""
    if not model.built:
        raise ValueError("found a Keras model that is not built: give it a keras.Input first")
    first, layers = tuple(model.inputs[0].shape[1:]), []
    for part in model.layers:
        shape, own = tuple(part.output.shape[1:]), part.trainable_variables
        parameters = {v.name: tuple(v.shape) for v in own}
        names = {n: MATRICES.get(n, VECTORS.get(n, n)) for n in parameters}
        if "kernel" in parameters:
            weights = parameters["kernel"]
            operation = "dense" if len(weights) == 2 else f"convolution\n{times_of(weights)}"
            layers.append(Layer(shape, operation, {}))
        elif layers and math.prod(shape) != math.prod(layers[-1].shape):
            pooled = ", max pooling" if "MaxPool" in type(part).__name__ else ", pooling"
            layers[-1] = layers[-1]._replace(shape=shape, operation=layers[-1].operation + pooled)
        if layers:
            layers[-1].parameters.update({names[n]: size for n, size in parameters.items()})
    if layers and layers[0].operation == "dense":
        first = (math.prod(first),)
    return first, layers
