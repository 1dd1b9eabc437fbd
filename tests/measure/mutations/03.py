"""What notebook 03 teaches, made wrong."""

ONE_EPOCH = {'options = {"epochs": 10': 'options = {"epochs": 1', "steps = 10 * ": "steps = 1 * "}

MUTATIONS = [
    {
        "wrong": "He's weights lack the factor of 2",
        "replace": {"np.sqrt(2 / fan_in)": "np.sqrt(1 / fan_in)"},
        "cells": ["gradient keeps its size within"],
    },
    {
        "wrong": "sigmoid and ReLU are exchanged",
        "replace": {
            "(tf.sigmoid, xavier_4)": "(tf.nn.relu, he)",
            '"ReLU": (tf.nn.relu, he)': '"ReLU": (tf.sigmoid, xavier_4)',
        },
        "cells": ["gradient keeps its size within"],
    },
    {
        "wrong": "ReLU with Xavier has He's weights",
        "replace": {
            '["ReLU with Xavier"] = tf.nn.relu, xavier': '["ReLU with Xavier"] = tf.nn.relu, he'
        },
        "cells": ["gradient keeps its size within"],
    },
    {
        "wrong": "ten layers are three",
        "replace": {"MLP([64] * depth, seed": "MLP([64] * 3, seed"},
        "cells": ["with ten, ReLU leads the sigmoid by at least"],
    },
    {
        "wrong": "the steep direction has half the curvature",
        "replace": {"np.float32([1, 100]) *": "np.float32([1, 50]) *"},
        "cells": ["the losses are as predicted"],
    },
    {
        "wrong": "momentum adds the gradient instead of subtracting it",
        "replace": {"self.momentum * velocity - rate * g)": "self.momentum * velocity + rate * g)"},
        "cells": ["our weights agree with Keras"],
    },
    {
        "wrong": "RMSprop divides by the mean square, not by its root",
        "replace": {"g / tf.sqrt(mean_square + self.epsilon)": "g / (mean_square + self.epsilon)"},
        "cells": ["our weights agree with Keras"],
    },
    {
        "wrong": "Adam does not correct its start",
        "replace": {"rate *= tf.sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t)": "rate *= 1.0"},
        "cells": ["our weights agree with Keras"],
    },
    {
        "wrong": "momentum has no velocity",
        "replace": {'"momentum": partial(SGD, momentum=0.9)': '"momentum": SGD'},
        "cells": ["our weights agree with Keras", "in the straight valley the others"],
    },
    {
        "wrong": "the turned valley is not turned",
        "replace": {
            "along = math.cos(angle)": "angle = 0.0\n    along = math.cos(angle)",
            "c, s = math.cos(angle), math.sin(angle)": "c, s = 1.0, 0.0",
        },
        "cells": ["in the straight valley the others"],
    },
    {
        "wrong": "the confidence is that at a temperature of 2",
        "replace": {"logits[epoch] = training": "logits[epoch] = 0.5 * training"},
        "cells": ["halving all logits lowers the loss"],
    },
    {
        "wrong": "the linear map keeps the inactive units",
        "replace": {"tf.cast(x @ A + d > 0, tf.float32)": "tf.ones_like(x @ A + d)"},
        "cells": ["each map gives its own image"],
        "budget": ONE_EPOCH,
    },
    {
        "wrong": "the linear map forgets the biases",
        "replace": {"d @ layer.W + layer.b": "d @ layer.W"},
        "cells": ["each map gives its own image"],
        "budget": ONE_EPOCH,
    },
    {
        "wrong": "the evidence said to be of the trained network is of an untrained one",
        "replace": {"for network in (model, MLP": "for network in (MLP([512, 512], SEED + 1), MLP"},
        "cells": ["neighbouring pixels act alike"],
    },
]
