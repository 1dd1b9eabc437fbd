"""The parts of a network, each first written in the notebook that teaches it.

Random numbers come from the generator or the seed that a part is given, never from a global state,
so that a model's seed alone decides its initial weights, its dropout masks and its shifts.

A line @checked(...) is not taught: it looks at the arguments first, and raises ValueError or
TypeError for what is wrong with them.
"""

import numpy as np
import tensorflow as tf

from shared import layer_checks
from shared.checks import checked


@checked(layer_checks.weights)
def xavier(rng, fan_in, fan_out):
    """Returns initial weights, float32 [fan_in, fan_out], uniform with variance 2/(fan_in+fan_out).

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks"
    (2010). rng: a numpy.random.Generator.
    """
    limit = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, (fan_in, fan_out)).astype(np.float32)


@checked(layer_checks.weights)
def he(rng, fan_in, fan_out):
    """Returns initial weights, float32 [fan_in, fan_out], normal with variance 2 / fan_in.

    He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015). rng: a numpy.random.Generator.
    """
    return (rng.standard_normal((fan_in, fan_out)) * np.sqrt(2 / fan_in)).astype(np.float32)


class Dense(tf.Module):
    """z = x W + b, from [batch, fan_in] to [batch, fan_out]; init makes W, b starts at zero."""

    @checked(layer_checks.dense)
    def __init__(self, fan_in, fan_out, rng, init=xavier):
        super().__init__()
        self.W = tf.Variable(init(rng, fan_in, fan_out))
        self.b = tf.Variable(tf.zeros(fan_out))

    @checked(layer_checks.dense_input)
    def __call__(self, x):
        return x @ self.W + self.b


class Dropout(tf.Module):
    """While training, sets each activation to 0 with probability rate and scales up the others.

    The expected value of each activation stays what it was, so that nothing has to be done when
    not training. Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov, "Dropout" (2014).
    """

    @checked(layer_checks.dropout)
    def __init__(self, rate, seed):
        super().__init__()
        self.rate = tf.Variable(rate, dtype=tf.float32, trainable=False)
        self.seed = tf.Variable([seed, 0], dtype=tf.int32, trainable=False)

    @checked(layer_checks.dropout_input)
    def __call__(self, x, training):
        if not training:
            return x
        self.seed.assign_add([0, 1])  # another mask at every step
        noise = tf.random.stateless_uniform(tf.shape(x), self.seed, alg="philox")  # fast in XLA
        keep = noise >= self.rate
        return tf.where(keep, x / (1 - self.rate), 0.0)


class Shift(tf.Module):
    """While training, moves all images of a batch by the same random amount, 0 or 1 pixel each way.

    Shapes: [batch, h, w] in and out. What leaves at one edge comes in at the opposite one, so the
    margin should be blank. Simard, Steinkraus and Platt, "Best practices for convolutional neural
    networks applied to visual document analysis" (2003).
    """

    @checked(layer_checks.shift)
    def __init__(self, seed):
        super().__init__()
        self.seed = tf.Variable([seed, 0], dtype=tf.int32, trainable=False)

    @checked(layer_checks.shift_input)
    def __call__(self, images, training):
        if not training:
            return images
        self.seed.assign_add([0, 1])  # another shift for each batch
        shift = tf.random.stateless_uniform([2], self.seed, -1, 2, tf.int32)  # -1, 0 or 1
        return tf.roll(images, shift, axis=[1, 2])  # rows and columns; the margin is mostly blank


class BatchNorm(tf.Module):
    """Gives each unit mean beta and standard deviation gamma, over the batch while training.

    When not training, the moving averages of the batches' means and variances are used instead.
    Ioffe and Szegedy, "Batch normalization" (2015). Shapes: [batch, units] in and out.
    """

    @checked(layer_checks.norm)
    def __init__(self, units, momentum=0.99, epsilon=1e-3):
        super().__init__()
        self.momentum, self.epsilon = momentum, epsilon
        self.gamma = tf.Variable(tf.ones(units))
        self.beta = tf.Variable(tf.zeros(units))
        self.moving_mean = tf.Variable(tf.zeros(units), trainable=False)
        self.moving_variance = tf.Variable(tf.ones(units), trainable=False)

    @checked(layer_checks.norm_input)
    def __call__(self, x, training):
        mean, variance = self.moving_mean, self.moving_variance
        if training:
            mean = tf.reduce_mean(x, axis=0)
            variance = tf.reduce_mean((x - mean) ** 2, axis=0)
            for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(self.momentum * moving + (1 - self.momentum) * batch)
        return self.gamma * (x - mean) / tf.sqrt(variance + self.epsilon) + self.beta


class Conv(tf.Module):
    """A convolution, from [batch, h, w, channels] to [batch, h, w, units], without a bias.

    padding: "SAME" surrounds the image with zeros, so that h and w stay; "VALID" adds none, and
    h and w shrink by size - 1. A max-pooling of 2 x 2 follows if `pool`, and halves h and w: before
    a ReLU, which it commutes with, so that what comes next has a quarter of the work. LeCun,
    Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition" (1998).
    """

    @checked(layer_checks.conv)
    def __init__(self, size, channels, units, rng, pool=True, padding="SAME"):
        super().__init__()
        weights = he(rng, size * size * channels, units)
        self.K = tf.Variable(weights.reshape(size, size, channels, units))
        self.pool, self.padding = pool, padding

    @checked(layer_checks.conv_input)
    def __call__(self, x):  # [B, h, w, channels]
        z = tf.nn.conv2d(x, self.K, strides=1, padding=self.padding)  # [B, h, w, units]
        if self.pool:
            z = tf.nn.max_pool2d(z, ksize=2, strides=2, padding="VALID")
        return z  # with pooling [B, h / 2, w / 2, units]


class ChannelNorm(BatchNorm):
    """Batch normalisation of each channel, over all positions of all images of the batch.

    Shapes: [batch, h, w, channels] in and out. Ioffe and Szegedy, "Batch normalization" (2015).
    """

    @checked(layer_checks.channel_norm_input)
    def __call__(self, x, training):  # [B, h, w, channels]
        mean, variance = self.moving_mean, self.moving_variance
        if training:
            mean, variance = tf.nn.moments(x, axes=[0, 1, 2])  # [channels]
            for moving, batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(self.momentum * moving + (1 - self.momentum) * batch)
        return self.gamma * (x - mean) / tf.sqrt(variance + self.epsilon) + self.beta


@checked(layer_checks.leaky)
def leaky_relu(z, slope=0.01):
    """Returns z where it is positive and slope * z elsewhere.

    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models" (2013).
    """
    return tf.where(z > 0, z, slope * z)
