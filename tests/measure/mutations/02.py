"""What notebook 02 teaches, made wrong."""

MUTATIONS = [
    {
        "wrong": "the inputs are not standardised",
        "replace": {
            "(tf.reshape(images, [-1, 784]) - 0.13) / 0.31": "tf.reshape(images, [-1, 784])"
        },
        "cells": ["after four epochs at least 94 %"],
    },
    {
        "wrong": "the network without a hidden layer has one",
        "replace": {"linear = MLP([], SEED)": "linear = MLP([128], SEED)"},
        "cells": ["without the hidden layer it is at least three points"],
    },
    {
        "wrong": "backpropagation starts with the target minus the prediction",
        "replace": {"delta2 = (probabilities - y)": "delta2 = (y - probabilities)"},
        "cells": ["all four gradients by hand"],
    },
    {
        "wrong": "the slope of the sigmoid is taken for a, not a (1 - a)",
        "replace": {"(delta2 @ W2.T) * a * (1 - a)": "(delta2 @ W2.T) * a"},
        "cells": ["all four gradients by hand"],
    },
    {
        "wrong": "only the output layer learns",
        "replace": {
            "zip(weights, velocity, gradients)": "zip(weights[2:], velocity[2:], gradients[2:])"
        },
        "cells": ["three units classify at least 97 %"],
    },
    {
        "wrong": "the units said to start at zero start at random",
        "replace": {"units=8, scale=0.0": "units=8, scale=1.0"},
        "cells": ["all eight units still have the same ones"],
        "budget": {"for units in (1, 2, 3, 8)}": "for units in (8,)}"},
    },
    {
        "wrong": "Xavier's weights have half the variance",
        "replace": {"np.sqrt(6 / (fan_in + fan_out))": "np.sqrt(3 / (fan_in + fan_out))"},
        "cells": ["of the variation of the one before", "0.2 < left.min()"],
    },
    {
        "wrong": "four times Xavier is Xavier",
        "replace": {"return 4 * xavier(": "return xavier("},
        "cells": ["of the variation of the one before", "0.2 < left.min()"],
    },
    {
        "wrong": "Adam is SGD",
        "replace": {
            "MLP(hidden, seed, init), optimizer(rate)": "MLP(hidden, seed, init), SGD(rate)"
        },
        "cells": ["with Xavier and SGD, no run of five"],
    },
    {
        "wrong": "the best rate is the lowest that is tried",
        "replace": {"Adam, [0.001, 0.007, 0.03]": "Adam, [0.007, 0.03, 0.1]"},
        "cells": ["where a network learns, its best rate"],
    },
    {
        "wrong": "weight decay does nothing",
        "replace": {"w.assign_sub(rate * self.weight_decay * w)": "pass"},
        "cells": ["a step multiplies a weight by 1"],
    },
    {
        "wrong": "the units said to be trained are untrained",
        "replace": {"purity(model), purity(": "purity(MLP([800], SEED + 1)), purity("},
        "cells": ["training raises the median share"],
    },
]
