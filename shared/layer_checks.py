"""What the layers check: when they are made, their settings; when they are called, their inputs.

Each check takes the arguments of the function that it stands before (`checks.checked`). TensorFlow
checks some of this itself, but in other words, not before it computes, and for some shapes not at
all: a convolution given a flat image can end the process, one given twice its channels convolves
groups of them, and a normalisation given one column fills up the others.
"""

import numpy as np
import tensorflow as tf

from shared import checks


def weights(rng, fan_in, fan_out):
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"rng is {checks.kind(rng)}: expected a generator, numpy.random.default_rng(seed)"
        )
    checks.whole(fan_in, "fan_in", 1)
    checks.whole(fan_out, "fan_out", 1)


def dense(self, fan_in, fan_out, rng, init):
    checks.whole(fan_in, "fan_in", 1)
    checks.whole(fan_out, "fan_out", 1)
    if not callable(init):
        raise TypeError(
            f"init is {checks.kind(init)}: expected a function (rng, fan_in, fan_out) -> weights, "
            "such as xavier or he"
        )


def dense_input(self, x):
    W, b = self.W, self.b
    if W.dtype != b.dtype or len(W.shape) != 2 or W.shape[1:] != b.shape:
        raise ValueError(
            f"W, as init made it, of type {W.dtype.name} and shape {tuple(W.shape)}: expected "
            f"{b.dtype.name} and [fan_in, {b.shape[0]}]"
        )
    _input(x, ["batch", self.W.shape[0]], self.W.dtype, "write tf.reshape(x, [-1, fan_in])")


def dropout(self, rate, seed):
    if checks.number(rate, "rate", 0, 1) == 1:
        raise ValueError("rate=1 would drop every unit: expected 0 or more and less than 1")
    _seed(seed)


def dropout_input(self, x, training):
    checks.flag(training, "training")
    if not tf.is_tensor(self.rate):  # a number in the place of the variable
        dropout(self, self.rate, 0)
    _input(x, None, getattr(self.rate, "dtype", tf.float32))


def shift(self, seed):
    _seed(seed)


def shift_input(self, images, training):
    checks.flag(training, "training")
    _input(images, ["batch", "h", "w"], None, "write tf.reshape(images, [-1, 28, 28]) if flat")


def norm(self, units, momentum, epsilon):
    checks.whole(units, "units", 1)
    if checks.number(momentum, "momentum", 0, 1) == 1:
        raise ValueError("momentum=1 would never move the averages: expected less than 1")
    if checks.number(epsilon, "epsilon", 0) == 0:
        raise ValueError("epsilon=0 would divide by 0 where nothing varies: expected more than 0")


def norm_input(self, x, training):
    checks.flag(training, "training")
    x = tf.constant(x) if isinstance(x, np.ndarray) else x  # here TensorFlow converts no float64
    shape = ["batch", self.gamma.shape[0]]
    if not training and tf.TensorShape(getattr(x, "shape", None)).rank == 4:
        shape = ["batch", "h", "w", self.gamma.shape[0]]
    _input(x, shape, self.gamma.dtype, "ChannelNorm normalises images")


def channel_norm_input(self, x, training):
    checks.flag(training, "training")
    x = tf.constant(x) if isinstance(x, np.ndarray) else x  # here TensorFlow converts no float64
    _input(x, ["batch", "h", "w", self.gamma.shape[0]], self.gamma.dtype)


def conv(self, size, channels, units, rng, pool, padding):
    for name, value in (("size", size), ("channels", channels), ("units", units)):
        checks.whole(value, name, 1)
    checks.flag(pool, "pool")
    _padding(padding)


def _padding(padding):
    if padding not in ("SAME", "VALID"):
        raise ValueError(f'padding={padding!r}: expected "SAME" or "VALID"')


def conv_input(self, x):
    _padding(self.padding)
    channels = self.K.shape[2]
    _input(
        x, ["batch", "h", "w", channels], self.K.dtype, "write images[..., None] if they are grey"
    )
    least = 2 if self.pool else 1
    if self.padding == "VALID":
        least += self.K.shape[0] - 1
    if any(side is not None and side < least for side in x.shape[1:3]):
        raise ValueError(f"x of shape {tuple(x.shape)}: expected h and w of at least {least}")


def leaky(z, slope):
    _input(z, None, None)
    if not tf.is_tensor(slope):  # a variable is one
        checks.number(slope, "slope")


def _seed(seed):
    checks.whole(seed, "seed", -(2**31), 2**31 - 1)  # what an int32 can hold


def _input(x, shape, dtype, advice=""):
    """Raises what is wrong with the input of a layer.

    shape: what is expected, names for any size; None: any shape. dtype: None for any float; an
    array of NumPy may be of another float, since TensorFlow makes it one of dtype.
    """
    if not hasattr(x, "shape") or not hasattr(x, "dtype"):
        raise TypeError(f"x is {checks.kind(x)}: expected a tensor or an array")
    found = tf.as_dtype(x.dtype)
    if not found.is_floating:
        raise ValueError(
            f"x of type {found.name}: expected floats; mnist.scale makes pixels 0 to 1"
        )
    if dtype not in (None, found) and not isinstance(x, np.ndarray):
        raise ValueError(f"x of type {found.name}: expected {dtype.name}; write tf.cast(x, ...)")
    sizes = shape and [None if isinstance(size, str) else size for size in shape]
    if not tf.TensorShape(x.shape).is_compatible_with(sizes):
        expected = f"[{', '.join(map(str, shape))}]" + (f"; {advice}" if advice else "")
        raise ValueError(f"x of shape {tuple(x.shape)}: expected {expected}")
