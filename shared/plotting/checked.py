"""What the figures check about what they are given, beyond what shared/checks.py does."""

import numpy as np

from shared import checks


def array(values, name, dimensions=None):
    """Returns values as an array of numbers; dimensions: "[n, height, width]", for the message."""
    if hasattr(values, "images") and hasattr(values, "labels"):
        raise TypeError(f"{name} is a whole {type(values).__name__}: expected its .{name}")
    checks.no_mask(values, name)
    if values is None or isinstance(values, (str, bytes, dict)):
        raise TypeError(f"{name}: expected an array{_of(dimensions)}, found {checks.kind(values)}")
    try:
        result = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise ValueError(f"{name}: expected an array{_of(dimensions)}: {error}") from error
    if result.dtype.kind not in "buif" and result.dtype.name not in ("bfloat16",):
        raise TypeError(f"{name}: expected numbers, found {checks.kind(values)} of {result.dtype}")
    if dimensions and result.ndim != dimensions.count(",") + 1:
        raise ValueError(f"{name}: expected the shape {dimensions}, found {result.shape}")
    return result


def _of(dimensions):
    return f" {dimensions}" if dimensions else " of numbers"


def images(values, name="images"):
    """Returns images [n, height, width]; a channel of one [n, height, width, 1] is taken off."""
    result = array(values, name)
    if result.ndim == 4 and 1 in (result.shape[-1], result.shape[1]):
        result = result[..., 0] if result.shape[-1] == 1 else result[:, 0]
    if result.ndim == 3 and result.shape[2] in (1, 3, 4) and result.shape[1] >= 3 * result.shape[2]:
        raise ValueError(
            f"{name}: expected the shape [n, height, width], found {result.shape}, which looks "
            "like one image with its channels; of a grey one, image[None, ..., 0]"
        )
    if result.ndim != 3:
        advice = ""
        if result.ndim == 2:
            advice = "; of one image, images[None] makes a row of one"
            if 784 in result.shape:
                turned = "" if result.shape[1] == 784 else "of weights, .T."
                advice = f"; rows of pixels want {turned}reshape(-1, 28, 28)"
        raise ValueError(
            f"{name}: expected the shape [n, height, width], found {result.shape}{advice}"
        )
    if not len(result):
        raise ValueError(f"{name}: found none, the shape is {result.shape}; expected at least one")
    return result


def classes_of(values, name, classes):
    """Returns whole numbers from 0 to classes - 1, int [n]."""
    result = array(values, name)
    if result.ndim == 2 and result.shape[1] > 1:
        raise ValueError(
            f"{name}: expected one class per image, [n], found {result.shape}; of logits, "
            "probabilities or one-hot labels, argmax(axis=1) are the classes"
        )
    result = checks.labels(result, name)
    if len(result) and not (0 <= result.min() and result.max() < classes):
        raise ValueError(
            f"{name}: expected classes from 0 to {classes - 1}, found {result.min()} to "
            f"{result.max()}; for more classes, say how many"
        )
    return result


def probabilities(values, name="probabilities"):
    """Returns probabilities, float [n, classes], whose rows add up to 1."""
    result = array(values, name, "[n, classes]").astype(float)
    if not len(result):
        raise ValueError(f"{name}: found none, the shape is {result.shape}; expected at least one")
    if not np.isfinite(result).all():
        raise ValueError(f"{name}: some are not finite; has the training diverged?")
    sums = result.sum(axis=1)
    off = np.abs(sums - 1).max(initial=0)
    if off > 0.01 or result.min(initial=0) < 0:
        row = np.abs(sums - 1).argmax()
        raise ValueError(
            f"{name}: expected rows from 0 to 1 that add up to 1; row {row} adds up to "
            f"{sums[row]:.3g}, the least value is {result.min():.3g}. Logits become probabilities "
            "by tf.nn.softmax(logits)"
        )
    return result


def few(n, most, what):
    """Raises ValueError for more than can be drawn, which would take minutes and all memory."""
    if n > most:
        raise ValueError(f"found {n:,} {what}: expected at most {most}; choose some of them")


def several(values, name, of):
    """Returns a list of what there is one of for each of these; a text is not taken apart."""
    if isinstance(values, (str, bytes, dict)) or np.ndim(values) == 0:
        raise TypeError(f"{name}: expected one for each {of}, found {checks.kind(values)}")
    return values.tolist() if hasattr(values, "tolist") else list(values)


def same_length(**rows):
    """Raises ValueError unless all have the same number of rows."""
    if len({len(row) for row in rows.values()}) > 1:
        found = ", ".join(f"{len(row)} {name}" for name, row in rows.items())
        raise ValueError(f"expected one of each per image, found {found}")


def class_names(classes):
    """Returns (how many, names) for a number of classes or a sequence of their names."""
    if isinstance(classes, (int, np.integer)) and not isinstance(classes, bool) and classes > 0:
        return int(classes), [str(k) for k in range(classes)]
    if isinstance(classes, (list, tuple, np.ndarray, range)) and len(classes):
        return len(classes), [str(name) for name in classes]
    raise TypeError(f"classes: expected their number or a list of their names, found {classes!r}")


def pair(split):
    """Returns (images [n, height, width], labels [n]) of a Split or any pair."""
    pictures, labels = checks.split(split, "split")
    return images(pictures), labels
