"""Gradient descent and what grew out of it. Each update rule is its formula.

w is a variable, g the gradient of the loss with respect to it, rate the learning rate.
The defaults and the place of epsilon are those of Keras, and so are the numbers that come out.
"""

import math

import tensorflow as tf


class Optimizer(tf.Module):
    """What all of them share: a learning rate, a count of steps, and some memory per variable.

    learning_rate: a number, or a schedule: a function from the step (an integer tensor, from 0)
    to a number. A number can be changed between two calls of fit: `optimizer.learning_rate = 0.1`.
    """

    slots = 0  # how many tensors of memory a variable needs

    def __init__(self, learning_rate):
        super().__init__()
        self.schedule = learning_rate if callable(learning_rate) else None
        self.rate = tf.Variable(0.0 if self.schedule else learning_rate, dtype=tf.float32)
        self.iterations = tf.Variable(0, dtype=tf.int64)
        self.memory = None

    @property
    def learning_rate(self):
        """The learning rate of the next step, a scalar tensor."""
        return self.schedule(self.iterations) if self.schedule else self.rate.read_value()

    @learning_rate.setter
    def learning_rate(self, value):
        if self.schedule:
            raise AttributeError("the learning rate follows a schedule; make a new optimizer")
        self.rate.assign(value)

    def build(self, variables):
        """Makes the memory for these variables, all zero, unless it is there."""
        if self.memory is None:
            self.memory = [
                [tf.Variable(tf.zeros_like(w), trainable=False) for _ in range(self.slots)]
                for w in variables
            ]

    def apply(self, gradients, variables):
        """Takes one step: changes each variable in place by its gradient, same order."""
        self.build(variables)
        rate = self.learning_rate
        for w, g, memory in zip(variables, gradients, self.memory, strict=True):
            self.update(w, g, tf.cast(rate, w.dtype), *memory)
        self.iterations.assign_add(1)


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum (Polyak 1964) or Nesterov's form of it (1983)."""

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False):
        super().__init__(learning_rate)
        self.momentum, self.nesterov = momentum, nesterov
        self.slots = 1 if momentum else 0

    def update(self, w, g, rate, velocity=None):
        if velocity is None:
            w.assign_sub(rate * g)
            return
        velocity.assign(self.momentum * velocity - rate * g)
        w.assign_add(self.momentum * velocity - rate * g if self.nesterov else velocity)


class RMSprop(Optimizer):
    """Divides each gradient by its own recent size (Tieleman and Hinton 2012, lecture 6.5)."""

    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7):
        super().__init__(learning_rate)
        self.rho, self.momentum, self.epsilon = rho, momentum, epsilon
        self.slots = 2 if momentum else 1

    def update(self, w, g, rate, mean_square, velocity=None):
        mean_square.assign(self.rho * mean_square + (1 - self.rho) * g**2)
        step = rate * g / tf.sqrt(mean_square + self.epsilon)
        if velocity is not None:
            velocity.assign(self.momentum * velocity + step)
            step = velocity
        w.assign_sub(step)


class Adam(Optimizer):
    """Momentum over RMSprop's scaling, both freed of their start at zero.

    Kingma and Ba, "Adam: a method for stochastic optimization" (2015), algorithm 1 in the order of
    operations that the end of their section 2 recommends.
    """

    slots = 2

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
        super().__init__(learning_rate)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def update(self, w, g, rate, mean, mean_square):
        t = tf.cast(self.iterations + 1, w.dtype)
        mean.assign(self.beta_1 * mean + (1 - self.beta_1) * g)
        mean_square.assign(self.beta_2 * mean_square + (1 - self.beta_2) * g**2)
        rate *= tf.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)
        w.assign_sub(rate * mean / (tf.sqrt(mean_square) + self.epsilon))


def cosine(rate, steps):
    """Returns a schedule that falls from rate to 0 in this many steps, along half a cosine.

    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017).
    """

    def schedule(step):
        progress = tf.minimum(tf.cast(step, tf.float32) / steps, 1.0)
        return rate * 0.5 * (1.0 + tf.cos(math.pi * progress))

    return schedule


def one_cycle(rate, steps, warmup=0.3):
    """Returns a schedule that rises to rate over the first part of the steps, then falls to 0.

    Smith and Topin, "Super-convergence" (2018); both parts are straight lines.
    warmup: the part of the steps in which the rate rises, more than 0 and less than 1.
    """

    def schedule(step):
        progress = tf.minimum(tf.cast(step, tf.float32) / steps, 1.0)
        return rate * tf.minimum(progress / warmup, (1.0 - progress) / (1.0 - warmup))

    return schedule
