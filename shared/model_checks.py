"""What a model or an optimizer has that the loop of `training` would pass over in silence.

Each of these trains quietly worse, or another network than was written down: an activation behind
the logits, pixels that are divided twice, a penalty, constraint or scale of Keras's that Keras's
own loop knows about, a layer whose variables the model does not list.
"""

import keras
import numpy as np
import tensorflow as tf

from shared import checks

ENDS = {
    "Softmax": "softmax",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Relu": "ReLU",
    "Relu6": "ReLU",
    "Softplus": "softplus",
}
PASSED_ON = {"Identity", "Cast", "Reshape", "Transpose", "Squeeze"}


def end(logits):
    """Raises ValueError if logits, a tensor of a trace, are what one of these activations gives."""
    operation = getattr(logits, "op", None)
    while operation is not None and operation.type in PASSED_ON:
        operation = operation.inputs[0].op
    if operation is not None and operation.type in ENDS:
        name = ENDS[operation.type]
        raise ValueError(
            f"the model ends in a {name}: expected logits, any numbers, from which the loss "
            f"computes the probabilities itself: remove the {name} at the end of the model"
        )


def pixels(model):
    """Raises ValueError if a Keras model makes pixels of 0 to 255 small: it gets them from 0 to 1.

    Keras's own fit, evaluate and predict give it what they are given.
    """
    for layer in model._flatten_layers() if isinstance(model, keras.Layer) else []:
        if isinstance(layer, keras.layers.Rescaling):
            small = np.max(np.abs(layer.scale)) < 0.1
        else:
            mean = getattr(layer, "mean", None)
            small = (
                isinstance(layer, keras.layers.Normalization)
                and np.max(0 if mean is None else mean) > 1.5
            )
        if small:
            raise ValueError(
                f"the model has a layer {type(layer).__name__} for pixels from 0 to 255: expected "
                "one that takes them from 0 to 1, as it gets them here. Leave the layer out, or "
                "use the model's own fit, evaluate and predict"
            )


def left_out(model, optimizer):
    """Raises ValueError if only Keras's own fit would do all that the two of them ask for."""
    found = []
    if isinstance(model, keras.Layer) and model.losses:
        found.append("a penalty (a regularizer or add_loss)")
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        if any(getattr(w, "constraint", None) for w in model.trainable_variables):
            found.append("a constraint on weights")
    elif isinstance(optimizer, keras.optimizers.LossScaleOptimizer) or optimizer.loss_scale_factor:
        found.append("an optimizer that scales the loss")
    elif optimizer.use_ema:
        found.append("an optimizer that averages the weights (use_ema)")
    if found:
        raise ValueError(
            f"found {' and '.join(found)}: expected none, since this fit would leave it out. "
            "Use Keras's own, model.compile(...) and model.fit(...)"
        )


def unlisted(variables):
    """Raises ValueError if one of these, used by a model that does not list them, is trainable."""
    for w in variables:
        if getattr(w, "trainable", False):
            raise ValueError(
                f"the model uses a trainable variable, {w.name} of shape {tuple(w.shape)}, that is "
                "not among its variables: it would never be trained. Keep layers as attributes of "
                "the model and make their classes tf.Modules, or make it "
                "tf.Variable(..., trainable=False)"
            )


def loss_arguments(labels, logits):
    """Returns labels int [n] and logits float [n, classes] as tensors, eagerly or in a trace."""
    given = {"labels": labels, "logits": logits}
    if tf.executing_eagerly():
        given = {
            k: x if tf.is_tensor(x) else checks.array_of(x, k, "an array") for k, x in given.items()
        }
    labels, logits = map(tf.convert_to_tensor, given.values())
    if not labels.dtype.is_integer or not logits.dtype.is_floating:
        raise ValueError(
            f"labels of type {labels.dtype.name} and logits of type {logits.dtype.name}: expected "
            "integers and floats, cross_entropy(labels, logits)"
        )
    if logits.shape.rank != 2 or not labels.shape.is_compatible_with(logits.shape[:1]):
        raise ValueError(
            f"labels of shape {labels.shape} and logits of shape {logits.shape}: expected [n] and "
            "[n, classes]"
        )
    if tf.executing_eagerly() and labels.shape[0]:
        if int(tf.reduce_min(labels)) < 0:
            raise ValueError(f"labels from {int(tf.reduce_min(labels))}: expected 0 or more")
        classes(labels.numpy(), logits)
        no_probabilities(logits.numpy())
    return labels, logits if logits.dtype.size > 2 else tf.cast(logits, tf.float32)


def rows(logits, n):
    """Returns an array of logits, if it is one row for each of n images."""
    if logits.ndim != 2 or len(logits) != n or logits.shape[1] < 2:
        raise ValueError(
            f"for {n} images the model returns shape {logits.shape}: expected logits, floats of "
            f"shape ({n}, classes), one row for each image"
        )
    return logits


def measurable(labels, logits):
    """Raises ValueError unless loss and accuracy of these logits, an array, mean something."""
    classes(labels, logits)
    no_probabilities(logits)
    bad = int(np.sum(~np.isfinite(logits).all(axis=1)))
    if bad:
        raise ValueError(
            f"for {bad} of {len(logits)} images the model returns logits that are not finite: "
            "expected numbers. Has its training diverged? Make a new model, and train it at a "
            "lower learning rate"
        )


def no_probabilities(logits):
    """Raises ValueError if these logits, an array [n, classes], are probabilities."""
    if not len(logits) or not (np.all(logits >= 0) and np.all(logits <= 1)):
        return
    if np.allclose(logits.sum(axis=1), 1, atol=1e-3):
        raise ValueError(
            "the model returns probabilities: each row is 0 to 1 and adds up to 1. Expected "
            "logits, from which the loss computes the probabilities itself: remove the softmax at "
            "the end of the model"
        )


def classes(labels, logits):
    """Raises ValueError unless the labels, an array [n], are below the logits' classes."""
    if labels.max() >= logits.shape[1]:
        raise ValueError(
            f"labels from {labels.min()} to {labels.max()} and {logits.shape[1]} classes in the "
            f"model's logits: expected labels from 0 to {logits.shape[1] - 1}"
        )
