"""What notebook 08 teaches, made wrong."""

FEWER_RATES = {
    "[0.03, 0.1, 0.3, 1, 3]": "[0.03, 0.3, 3]",
    "[0.01, 0.03, 0.1, 0.3, 1]": "[0.03, 0.3, 1]",
    "[0.001, 0.003, 0.01, 0.03, 0.1]": ("[0.001, 0.03, 0.1]", 3),
}
TWO_RATES = {  # the best one and a bad one
    "[0.03, 0.1, 0.3, 1, 3]": "[0.03, 0.3]",
    "[0.01, 0.03, 0.1, 0.3, 1]": "[0.3, 1]",
    "[0.001, 0.003, 0.01, 0.03, 0.1]": ("[0.001, 0.03]", 3),
}
RMSPROP_ONLY = {
    "for name, (make, rates) in OPTIMIZERS.items()": (
        'for name, (make, rates) in [("RMSprop", (OPTIMIZERS["RMSprop"][0], [0.03]))]'
    ),
    "for name, (make, _) in OPTIMIZERS.items()": (
        'for name, (make, _) in [("RMSprop", OPTIMIZERS["RMSprop"])]'
    ),
}

MUTATIONS = [
    {
        "wrong": "our RMSprop divides by the mean square, not by its root",
        "patch": (
            "from shared.optimizers import RMSprop\n"
            "def update(self, w, g, rate, mean_square, velocity=None):\n"
            "    mean_square.assign(self.rho * mean_square + (1 - self.rho) * g**2)\n"
            "    step = rate * g / (mean_square + self.epsilon)\n"
            "    if velocity is not None:\n"
            "        velocity.assign(self.momentum * velocity + step)\n"
            "        step = velocity\n"
            "    w.assign_sub(step)\n"
            "RMSprop.update = update"
        ),
        "cells": ["SGD and RMSprop, without and with momentum"],
    },
    {
        "wrong": "AdamW does not shrink the weights",
        "replace": {"=learning_rate, weight_decay=0.3": "=learning_rate, weight_decay=0.0"},
        "cells": ["a step of AdamW multiplies"],
    },
    {
        "wrong": "momentum has no velocity",
        "replace": {
            "SGD(learning_rate=learning_rate, momentum=0.9)": "SGD(learning_rate=learning_rate)"
        },
        "cells": ["momentum is at least 10 points ahead"],
        "budget": FEWER_RATES,
    },
    {
        "wrong": "Adam is SGD",
        "replace": {'"Adam": (keras.optimizers.Adam,': '"Adam": (keras.optimizers.SGD,'},
        "cells": ["momentum is at least 10 points ahead"],
        "budget": FEWER_RATES,
    },
    {
        "wrong": "the differences from RMSprop have the wrong sign",
        "replace": {
            'accuracies[name], accuracies["RMSprop"]': 'accuracies["RMSprop"], accuracies[name]'
        },
        "cells": ["SGD without momentum is behind RMSprop"],
        "budget": TWO_RATES,
    },
    {
        "wrong": "only NumPy's generator has the seed",
        "replace": {
            "keras.utils.set_random_seed(seed)  # initial": "np.random.seed(seed)  # initial"
        },
        "cells": ["the same seed gives the same first-layer weights"],
        "budget": RMSPROP_ONLY,
    },
    {
        "wrong": "every weight has the same effective rate, as in SGD",
        "replace": {"rate / np.sqrt(s + epsilon)": "rate / np.sqrt(0 * s + epsilon)"},
        "cells": ["the middle 90 % of rates span at least"],
    },
    {
        "wrong": "before the large gradient, the mean square is large",
        "replace": {".assign([0.01**2])  # s": ".assign([1.0])  # s"},
        "cells": ["no step is longer than this limit"],
    },
    {
        "wrong": "ε is compared with √s, not with s",
        "replace": {"roots**2 < epsilon": "roots < epsilon"},
        "cells": ["at ε = 0.001, s is below"],
    },
    {
        "wrong": "with momentum, the rate is not divided by ten",
        "replace": {'best["RMSprop"] / 10, seed': 'best["RMSprop"], seed'},
        "cells": ["best rate divided by ten, momentum changes"],
        "budget": RMSPROP_ONLY | {"for rate in (0.003, 0.01, 0.03)": "for rate in ()"},
    },
    {
        "wrong": "steps with a gradient above and below √s are exchanged",
        "replace": {
            "doubled[ratio > 1]": "doubled[ratio < 1]",
            "doubled[ratio <= 1]": "doubled[ratio >= 1]",
        },
        "cells": ["a larger share of the steps doubles the loss"],
    },
    {
        "wrong": "the falling rate does not fall",
        "replace": {"schedules.CosineDecay(0.01, decay_steps=200)": "0.01"},
        "cells": ["AMSGrad and a falling rate at least halve"],
    },
]
