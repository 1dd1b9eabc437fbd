"""What notebook 01 teaches, made wrong."""

MUTATIONS = [
    {
        "wrong": "the class means are those of other labels",
        "replace": {
            "pixels[data.train.labels == digit]": "pixels[np.roll(data.train.labels, 1) == digit]"
        },
        "cells": ["the nearest mean image classifies"],
    },
    {
        "wrong": "softmax does not subtract the largest logit",
        "replace": {"tf.exp(z - tf.reduce_max(z, axis=-1, keepdims=True))": "tf.exp(z)"},
        "cells": ["the stable softmax gives both"],
    },
    {
        "wrong": "the cross-entropy takes the logarithm of a sum that overflows",
        "replace": {
            "tf.reduce_logsumexp(logits, axis=1)": "tf.math.log(tf.reduce_sum(tf.exp(logits), 1))"
        },
        "cells": ["where the naive loss is infinite"],
    },
    {
        "wrong": "the gradient by hand is the target minus the prediction",
        "replace": {
            "softmax(x @ W + b) - tf.one_hot(labels, 2)": (
                "tf.one_hot(labels, 2) - softmax(x @ W + b)"
            )
        },
        "cells": ["in the small example the two gradients"],
    },
    {
        "wrong": "the loop climbs the gradient",
        "replace": {"w.assign_sub(learning_rate * g)": "w.assign_add(learning_rate * g)"},
        "cells": ["learning_rate, batch_size, n = 0.1", "fit arrives at the weights"],
    },
    {
        "wrong": "the loop drops the last, smaller batch",
        "replace": {"range(0, n, batch_size)": "range(0, n - batch_size, batch_size)"},
        "cells": ["learning_rate, batch_size, n = 0.1", "fit arrives at the weights"],
    },
    {
        "wrong": "in the bowl the steps go up",
        "replace": {"p.assign_sub(rate * ": "p.assign_add(rate * "},
        "cells": ["of the three rates, 0.2 ends"],
    },
    {
        "wrong": "the rate that should grow at every step does not",
        "replace": {"rate *= 1.03": "rate *= 1.0"},
        "cells": ["the smoothed loss is lowest at a learning rate between"],
    },
    {
        "wrong": "every run has the same learning rate",
        "replace": {"SoftmaxClassifier(), SGD(learning_rate)": "SoftmaxClassifier(), SGD(0.3)"},
        "cells": ["at a rate of 0.01 the loss"],
        "budget": {"[0.01, 0.1, 0.3, 1.0, 3.0, 10.0]": "[0.01, 0.3, 10.0]"},
    },
    {
        "wrong": "the control is trained with the true labels",
        "replace": {"mnist.Split(data.train.images, shuffled)": "data.train"},
        "cells": ["in the control, its size is less than 20 %"],
    },
    {
        "wrong": "the images do not move",
        "replace": {"np.roll(split.images, pixels, axis)": "split.images"},
        "cells": ["one pixel in any direction"],
    },
    {
        "wrong": "the probabilities are those of a temperature of 4",
        "replace": {
            "softmax(training.predict(model, data.test.images))": (
                "softmax(training.predict(model, data.test.images) / 4)"
            )
        },
        "cells": ["of its mistakes are made with a probability"],
    },
]
