"""Gradient descent and what grew out of it. Each update rule is its formula.

w is a variable, g the gradient of the loss with respect to it, rate the learning rate.
The defaults and the place of epsilon are those of Keras, and so are the numbers that come out.
"""

import math
import weakref

import tensorflow as tf

from shared import checks

LARGEST_RATE = 3e38  # what float32 holds


class Optimizer(tf.Module):
    """What all of them share: a learning rate, a count of steps, and some memory per variable.

    learning_rate: a number, or a schedule: a function from the step (an integer tensor, from 0)
    to a number. A number can be changed between two calls of fit: `optimizer.learning_rate = 0.1`.
    All other settings are fixed once there is memory, as are the variables that it belongs to.
    Raises ValueError or TypeError for a setting out of its range.
    """

    slots = 0  # how many tensors of memory a variable needs

    def __init__(self, learning_rate):
        super().__init__()
        self.memory = None
        self.schedule = learning_rate if callable(learning_rate) else None
        rate = _first_rate(self.schedule) if self.schedule else learning_rate
        self.rate = tf.Variable(_checked_rate(rate), dtype=tf.float32)
        self.iterations = tf.Variable(0, dtype=tf.int64)

    def __setattr__(self, name, value):
        _check_setting(self, name, value)
        super().__setattr__(name, value)

    @property
    def learning_rate(self):
        """The learning rate of the next step, a scalar tensor."""
        return self.schedule(self.iterations) if self.schedule else self.rate.read_value()

    @learning_rate.setter
    def learning_rate(self, value):
        if self.schedule or callable(value):
            raise AttributeError("the learning rate follows a schedule; make a new optimizer")
        self.rate.assign(_checked_rate(value))

    def build(self, variables):
        """Makes the memory for these variables, all zero, unless it is there.

        Raises ValueError if it is there for other variables, for which it would be wrong.
        """
        variables = _checked_variables(variables)
        if self.memory is None:
            self._owners = tuple(weakref.ref(w) for w in variables)  # keeps no dead model
            self.memory = [
                [tf.Variable(tf.zeros_like(w), trainable=False) for _ in range(self.slots)]
                for w in variables
            ]
        if not _same([owner() for owner in self._owners], variables):
            raise ValueError(
                f"this optimizer was built for {len(self._owners)} variables, and these "
                f"{len(variables)} are not the same ones: it remembers their gradients and steps. "
                "Make a new optimizer for each model, and after layers were replaced or frozen"
            )

    def apply(self, gradients, variables):
        """Takes one step: changes each variable in place by its gradient, same order.

        Raises ValueError if the variables are not those of the first step, or a gradient is None,
        which means that the loss does not depend on the variable.
        """
        self.build(variables)
        gradients = _checked_gradients(gradients, variables)
        rate = tf.convert_to_tensor(self.learning_rate)
        if rate.shape.rank:
            raise ValueError(f"the schedule returned shape {rate.shape}: expected one number")
        for w, g, memory in zip(variables, gradients, self.memory, strict=True):
            self.update(w, g, tf.cast(rate, w.dtype), *memory)
        self.iterations.assign_add(1)

    def update(self, w, g, rate, *memory):
        """Changes w by its gradient g: the rule, which each optimizer writes for itself."""
        raise NotImplementedError("an optimizer is a subclass with its own update(w, g, rate, ...)")


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum (Polyak 1964) or Nesterov's form of it (1983)."""

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False):
        super().__init__(learning_rate)
        self.momentum, self.nesterov = momentum, nesterov

    @property
    def slots(self):
        return 1 if self.momentum else 0

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

    @property
    def slots(self):
        return 2 if self.momentum else 1

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


class AdamW(Adam):
    """Adam, with weights that shrink by the part rate * weight_decay at each step.

    Biases, and a normalisation's gamma and beta, do not shrink, whereas Keras's AdamW leaves out
    only what `exclude_from_weight_decay` names. Loshchilov and Hutter, "Decoupled weight decay
    regularization" (2019).
    """

    def __init__(self, learning_rate=0.001, weight_decay=0.004):
        super().__init__(learning_rate)
        self.weight_decay = weight_decay

    def update(self, w, g, rate, *memory):
        if w.shape.rank > 1:  # the weights, not the biases
            w.assign_sub(rate * self.weight_decay * w)
        super().update(w, g, rate, *memory)


def _check_schedule(rate, steps, warmup=0.5):
    checks.number(rate, "rate", 0)
    checks.whole(steps, "steps", 1)
    if checks.number(warmup, "warmup", 0, 1) in (0, 1):
        raise ValueError(f"warmup={warmup:g}: expected more than 0 and less than 1")


@checks.checked(_check_schedule)
def cosine(rate, steps):
    """Returns a schedule that falls from rate to 0 in this many steps, along half a cosine.

    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017).
    """

    def schedule(step):
        progress = tf.minimum(tf.cast(step, tf.float32) / steps, 1.0)
        return rate * 0.5 * (1.0 + tf.cos(math.pi * progress))

    return schedule


@checks.checked(_check_schedule)
def one_cycle(rate, steps, warmup=0.3):
    """Returns a schedule that rises to rate over the first part of the steps, then falls to 0.

    Smith and Topin, "Super-convergence" (2018); both parts are straight lines.
    warmup: the part of the steps in which the rate rises, more than 0 and less than 1.
    """

    def schedule(step):
        progress = tf.minimum(tf.cast(step, tf.float32) / steps, 1.0)
        return rate * tf.minimum(progress / warmup, (1.0 - progress) / (1.0 - warmup))

    return schedule


def _checked_rate(value):
    if isinstance(value, tf.Variable):
        raise TypeError("learning_rate is a variable, which it would not follow: pass its value")
    return checks.number(value, "learning_rate", 0, LARGEST_RATE)


def _first_rate(schedule):
    """Returns what the schedule says for step 0."""
    try:
        rate = schedule(tf.constant(0, tf.int64))
        return rate.read_value() if isinstance(rate, tf.Variable) else rate
    except TypeError as error:
        raise TypeError(
            "the learning rate is neither a number nor a function from the step to a number, "
            f"such as cosine(rate, steps): {error}"
        ) from error


def _check_setting(optimizer, name, value):
    """Raises what is wrong with giving this attribute of an optimizer this value."""
    if name == "lr" or name == "rate" and not isinstance(value, tf.Variable):
        raise AttributeError(f"not {name}: write optimizer.learning_rate = {value!r}")
    built = vars(optimizer).get("memory") is not None
    if built and name != "learning_rate" and not name.startswith("_"):
        raise AttributeError(
            f"only learning_rate can be changed after the first step, not {name}: make a new "
            "optimizer"
        )
    if name in ("momentum", "rho", "beta_1", "beta_2") and checks.number(value, name, 0, 1) == 1:
        raise ValueError(f"{name}=1: expected 0 or more and less than 1")
    if name == "epsilon" and checks.number(value, name, 0) == 0:
        raise ValueError("epsilon=0: expected more than 0, since it keeps a division from 0 / 0")
    if name == "weight_decay":
        checks.number(value, name, 0)
    if name == "nesterov" and value and not optimizer.momentum:
        raise ValueError("nesterov is a form of momentum, which is 0: expected, say, momentum=0.9")


def _same(one, other):
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))


def _checked_variables(variables):
    """Returns the variables as a list."""
    if not isinstance(variables, (list, tuple)):
        raise TypeError(
            f"the variables are of type {type(variables).__name__}: expected a list, such as "
            "model.trainable_variables"
        )
    if not variables:
        raise ValueError("no variables: the model has no trainable ones, or keeps them elsewhere")
    for w in variables:
        if not hasattr(w, "assign_sub"):
            raise TypeError(f"found {w!r:.80} among the variables: gradients come first, in apply")
    return list(variables)


def _checked_gradients(gradients, variables):
    """Returns the gradients as dense tensors, one for each variable and of its shape."""
    if not isinstance(gradients, (list, tuple)) or len(gradients) != len(variables):
        found = len(gradients) if isinstance(gradients, (list, tuple)) else type(gradients).__name__
        raise ValueError(f"gradients: {found}; expected a list of {len(variables)}, as variables")
    dense = []
    for i, (g, w) in enumerate(zip(gradients, variables, strict=True)):
        which = f"variable {i} ({w.name}, shape {tuple(w.shape)})"
        if g is None:
            raise ValueError(
                f"no gradient for {which}: the loss does not depend on it. Leave it out of the "
                "variables, or look where the computation leaves the tape (NumPy, integers)"
            )
        dense.append(tf.convert_to_tensor(g))  # the gradients of tf.gather come as rows
        if not dense[-1].shape.is_compatible_with(w.shape):
            raise ValueError(f"a gradient of shape {dense[-1].shape} for {which}: expected equal")
    return dense
