"""What notebook 05 teaches, made wrong."""

RATES_TO_SHOW = {
    'tried = {"without": [0.1, 0.3, 1.0], "with": [0.3, *high], "fixed length": high}': (
        'tried = {"without": [1.0], "with": [0.3, 1.0, 3.0], "fixed length": [3.0]}'
    )
}
ONE_RATE_EACH = {
    "{2: [0.001, 0.01, 0.1], 8: [0.025, 0.1, 0.4], 32: [0.025, 0.1, 0.4, 1.6]}": (
        "{2: [0.01], 8: [0.1]}"
    )
}

MUTATIONS = [
    {
        "wrong": "at inference the statistics are those of the batch",
        "replace": {
            "        if training:\n            mean = tf.reduce_mean(x, axis=0)": (
                "        if True:\n            mean = tf.reduce_mean(x, axis=0)"
            )
        },
        "cells": ["in both modes our layer agrees with Keras"],
    },
    {
        "wrong": "the moving averages take 99 % of each batch",
        "replace": {
            "self.momentum * moving + (1 - self.momentum) * batch": (
                "(1 - self.momentum) * moving + self.momentum * batch"
            )
        },
        "cells": ["in both modes our layer agrees with Keras"],
    },
    {
        "wrong": "the gradient by hand takes the standard deviation for a constant",
        "replace": {" - z_hat * mean(delta_hat * z_hat)) / d": ") / d"},
        "cells": ["the gradients by hand and those of the tape"],
    },
    {
        "wrong": "with and without normalisation are exchanged before training",
        "replace": {
            '("with", BatchNorm), ("without", no_norm)': '("with", no_norm), ("without", BatchNorm)'
        },
        "cells": ['off["with"].max() < 0.5'],
    },
    {
        "wrong": "the weights of fixed length are free",
        "replace": {"W.assign(W * self.lengths[i] / tf.norm(W, axis=0))": "W.assign(1.0 * W)"},
        "cells": ["with its length fixed, the last ten", "at a rate of 3, fixed lengths cost"],
        "budget": RATES_TO_SHOW,
    },
    {
        "wrong": "the network without normalisation has it",
        "replace": {'BatchNorm if name == "with" else no_norm': "BatchNorm"},
        "cells": ["fails = not any("],
        "budget": RATES_TO_SHOW,
    },
    {
        "wrong": "the wrong mode is the right one",
        "replace": {
            "model(mnist.scale(images), training=True), axis": (
                "model(mnist.scale(images), training=False), axis"
            )
        },
        "cells": ["answers = tf.function", "sorted by digit, batches of 20"],
    },
    {
        "wrong": "the averages do not move in the wrong mode",
        "replace": {"norm.momentum = 0.99  # now": "norm.momentum = 1.0  # now"},
        "cells": ["answers = tf.function", "afterwards evaluation mode has lost"],
    },
    {
        "wrong": "layer normalisation takes its statistics over the batch",
        "replace": {
            "axis=1, keepdims=True)  # [B, 1]": "axis=0, keepdims=True)  # [B, 1]",
            "** 2, axis=1, keepdims=True)": "** 2, axis=0, keepdims=True)",
        },
        "cells": ["with two, layer normalisation costs"],
        "budget": ONE_RATE_EACH,
    },
    {
        "wrong": "at 200 steps, the contender with normalisation has none",
        "replace": {
            '"batch norm": lambda seed: MLP(H, seed)': (
                '"batch norm": lambda seed: MLP(H, seed, no_norm)'
            )
        },
        "cells": ["at this budget, batch normalisation gains"],
        "budget": {"dict.fromkeys(KINDS, [0.0003, 0.003, 0.03])": "dict.fromkeys(KINDS, [0.003])"},
    },
    {
        "wrong": "the final network is untrained",
        "replace": {
            'final, images = models["with"]': "final, images = Shifted([512, 256], SEED, BatchNorm)"
        },
        "cells": [
            "of the values of β are negative",
            "of the test images are classified correctly",
        ],
    },
]
