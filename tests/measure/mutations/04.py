"""What notebook 04 teaches, made wrong."""


def ways(*names):
    """These contenders only, at one learning rate."""
    return {
        "for way in WAYS:": f"for way in {names}:",
        "RATES = (0.001, 0.003, 0.01, 0.03, 0.1)": "RATES = (0.01,)",
    }


PAIR = ways("nothing", "dropout")

MUTATIONS = [
    {
        "wrong": "the control with shuffled labels has the true ones",
        "replace": {"mnist.Split(few.images, shuffled)": "few"},
        "cells": ["at least 99 % of the shuffled labels"],
    },
    {
        "wrong": "in the example, units are kept with probability p",
        "replace": {"np.where(mask, 1 - p, p)": "np.where(mask, p, 1 - p)"},
        "cells": ["the expected value of the scaled z"],
    },
    {
        "wrong": "dropout does not scale",
        "replace": {"tf.where(keep, x / (1 - self.rate), 0.0)": "tf.where(keep, x, 0.0)"},
        "cells": ["ones become 0 or"],
    },
    {
        "wrong": "dropout keeps a unit with the probability of dropping it",
        "replace": {"keep = noise >= self.rate": "keep = noise < self.rate"},
        "cells": ["ones become 0 or"],
    },
    {
        "wrong": "dropout is active in evaluation mode",
        "replace": {
            "            return x\n        self.seed.assign_add([0, 1])  # another": (
                "            pass\n        self.seed.assign_add([0, 1])  # another"
            )
        },
        "cells": ["in evaluation mode, with or without"],
        "budget": PAIR,
    },
    {
        "wrong": "every step drops the same units",
        "replace": {
            "        self.seed.assign_add([0, 1])  # another mask": "        # another mask"
        },
        "cells": ["ones become 0 or"],
    },
    {
        "wrong": "weight decay does nothing",
        "replace": {
            "super().__init__(learning_rate, weight_decay)": "super().__init__(learning_rate, 0.0)"
        },
        "cells": ["limits their length to c"],
    },
    {
        "wrong": "max-norm limits nothing",
        "replace": {"w.assign(w * tf.minimum(1.0, self.limit / length))": "w.assign(1.0 * w)"},
        "cells": ["limits their length to c"],
    },
    {
        "wrong": "the networks said to be trained with dropout are trained without",
        "replace": {'"dropout": (BOTH, Adam)': '"dropout": (None, Adam)'},
        "cells": ["in evaluation mode, with or without", "with dropout the ratio is"],
        "budget": PAIR,
    },
    {
        "wrong": "the Gaussian noise has no variance",
        "replace": {"tf.sqrt(self.rate / (1 - self.rate)) * noise": "0.0 * noise"},
        "cells": ["with Gaussian noise the ratio"],
        "budget": PAIR,
    },
    {
        "wrong": "the gains after 12 and after 48 epochs are exchanged",
        "replace": {"of_epochs[48], of_epochs[12]": "of_epochs[12], of_epochs[48]"},
        "cells": ["dropout gains more in 48 epochs"],
        "budget": PAIR,
    },
    {
        "wrong": "the gap is measured on 1,000 images, whatever the training had",
        "replace": {
            "accuracy(m, first(n)) for m in found": "accuracy(m, first(1000)) for m in found"
        },
        "cells": ["images leave less than 70 %"],
        "budget": PAIR,
    },
    {
        "wrong": "early stopping stops at the highest validation loss",
        "replace": {'np.argmin(history["val_loss"])': 'np.argmax(history["val_loss"])'},
        "cells": ["stopped early, the loss is lower"],
        "budget": PAIR,
    },
    {
        "wrong": "the images are shifted at inference, too",
        "replace": {
            "            return images\n        self.seed": "            pass\n        self.seed"
        },
        "cells": ["images move by up to one pixel"],
    },
    {
        "wrong": "the batches are never shifted",
        "replace": {"tf.roll(images, shift, axis=[1, 2])": "images"},
        "cells": ["images move by up to one pixel"],
    },
    {
        "wrong": "the ten passes drop nothing",
        "replace": {"softmax(m, True) for _ in range(10)": "softmax(m) for _ in range(10)"},
        "cells": ["10 passes lower the calibration error"],
        "budget": PAIR,
    },
    {
        "wrong": "instead of ten passes, each digit always has a probability of 10 %",
        "replace": {
            "np.mean([softmax(m, True) for _ in range(10)], axis=0)": "np.full((5000, 10), 0.1)"
        },
        "cells": ["10 passes lower the calibration error"],
        "budget": PAIR,
    },
]
