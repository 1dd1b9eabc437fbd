"""What notebook 06 teaches, made wrong."""

ONE_RATE = {"RATES = [0.001, 0.005, 0.03, 0.1]": "RATES = [0.03]"}
HIGH = ["at 0.03, with every seed, more than 25 %"]

MUTATIONS = [
    {
        "wrong": "below zero the slope has the wrong sign",
        "replace": {"tf.where(z > 0, z, slope * z)": "tf.where(z > 0, z, -slope * z)"},
        "cells": ["the values are those of Keras's layer"],
    },
    {
        "wrong": "the unit that is shown to be dead is active",
        "replace": {"tf.Variable(-2.0), tf.Variable(0.5)": "tf.Variable(2.0), tf.Variable(0.5)"},
        "cells": ["for slope, expected in by_hand"],
    },
    {
        "wrong": "a unit that is active for some images counts as silent",
        "replace": {"~np.any(z > 0, axis=0)": "~np.all(z > 0, axis=0)"},
        "cells": HIGH,
        "budget": ONE_RATE,
    },
    {
        "wrong": "Adam is SGD",
        "replace": {
            "MLP(H, seed, *KINDS[name]), Adam(rate)": "MLP(H, seed, *KINDS[name]), SGD(rate)"
        },
        "cells": HIGH,
        "budget": ONE_RATE,
    },
    {
        "wrong": "the contender with batch normalisation has none",
        "replace": {'"ReLU, batch norm": (0.0, True)': '"ReLU, batch norm": (0.0, False)'},
        "cells": HIGH,
        "budget": ONE_RATE,
    },
    {
        "wrong": "the centred inputs are not centred",
        "replace": {"tf.reshape(images, [-1, 784]) - mean_image": "tf.reshape(images, [-1, 784])"},
        "cells": ["Adam's first step alone silences"],
    },
    {
        "wrong": "the schedule said to be reversed is not",
        "replace": {
            "return warm_up(116 - step)": "return warm_up(step)",
        },
        "cells": ["a warm-up leaves at least"],
        "budget": ONE_RATE,
    },
    {
        "wrong": "leaky ReLU has a slope of zero",
        "replace": {'"leaky": (0.01, False)': '"leaky": (0.0, False)'},
        "cells": [*HIGH, "in layer 1, fewer than 4 % of the silent"],
        "budget": ONE_RATE,
    },
    {
        "wrong": "the units that stay silent count as active again",
        "replace": {"(was & ~now)": "(was & now)"},
        "cells": ["in layer 1, fewer than 4 % of the silent"],
        "budget": ONE_RATE,
    },
    {
        "wrong": "the linear network is not linear",
        "replace": {"self.slope = tf.Variable(slope,": "self.slope = tf.Variable(0.0,"},
        "cells": ["ReLU leads the linear network"],
        "budget": {"TRIED = [0.002, 0.01, 0.05]": "TRIED = [0.01]", "[0.0005, *TRIED]": "TRIED"},
    },
    {
        "wrong": "the weights of silent and active units are exchanged",
        "replace": {"for units in (mute, ~mute)": "for units in (~mute, mute)"},
        "cells": ["mute = silent(relu)[0]"],
        "budget": ONE_RATE,
    },
    {
        "wrong": "the final network is untrained",
        "replace": {"evaluate(final, data.test)": "evaluate(MLP([512, 256], SEED), data.test)"},
        "cells": ["of the test images are classified correctly"],
    },
]
