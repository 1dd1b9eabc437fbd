"""What notebook 10 teaches, made wrong."""

SHORT = {
    "x_train, y_train, batch_size=128, epochs=2, ": (
        "x_train[:1280], y_train[:1280], batch_size=128, epochs=1, "
    )
}
SHIFT_ONLY = {
    "in SETTINGS.items():": 'in [(name, SETTINGS[name]) for name in ("schedule", "shift")]:',
    'gain("schedule", "constant rate")\n': "",
    'gain("rotation", "schedule")\n': "",
    'gain("zoom", "schedule")\n': "",
    'gain("shift", "rotation")\n': "",
    'gain("all three", "schedule")\n': "",
    'gain("all three", "shift")\n': "",
    'gain("three + dropout", "all three")\n': "",
}
FEWER_EPOCHS = {"epochs = 18": "epochs = 3"}

# The last network is trained once, for all the mutations that need it: no other training of the
# notebook takes a tf.data.Dataset.
ONCE = """
import os, pathlib
import keras, tensorflow as tf

def fit_once(model, x=None, *args, **options):
    file = pathlib.Path(os.environ["MUTATIONS"], "10.weights.h5")
    if not isinstance(x, tf.data.Dataset):
        return keras_fit(model, x, *args, **options)
    if not file.exists():
        keras_fit(model, x, *args, **options)
        model.save_weights(file)
    model.load_weights(file)

keras_fit, keras.Model.fit = keras.Model.fit, fit_once
"""

MUTATIONS = [
    {
        "wrong": "ours normalises each position by itself",
        "replace": {"tf.nn.moments(z, axes=[0, 1, 2])": "tf.nn.moments(z, axes=[0])"},
        "cells": ["loss and gradients agree with ours"],
        "budget": SHORT,
    },
    {
        "wrong": "Keras's network is compared in evaluation mode",
        "replace": {"double(images, training=True)": "double(images, training=False)"},
        "cells": ["loss and gradients agree with ours"],
        "budget": SHORT,
    },
    {
        "wrong": "both networks have the same momentum",
        "replace": {"small = build_model(momentum)": "small = build_model()"},
        "cells": ["momentum 0.99 is at least 3 points behind"],
    },
    {
        "wrong": "the images are augmented at inference, too",
        "replace": {"augment(fives, training=False)": "augment(fives, training=True)"},
        "cells": ["at inference the layers leave the images"],
    },
    {
        "wrong": "the schedule does not fall",
        "replace": {"decay_steps=steps - up": "decay_steps=1000 * steps"},
        "cells": ["the schedule rises from 0 to 0.03"],
    },
    {
        "wrong": "the shifts move the digits out of the image",
        "replace": {
            '"shift": layers.RandomTranslation(\n            height_factor=0.1, width_factor=0.1': (
                '"shift": layers.RandomTranslation(height_factor=0.7, width_factor=0.7'
            )
        },
        "cells": ["with 1,000 images, shifts raise"],
        "budget": SHIFT_ONLY,
    },
    {
        "wrong": "the views turn about a corner",
        "replace": {
            "e = 13.5 * (1 - cosine + sine)": "e = 0.0",
            "f = 13.5 * (1 - cosine - sine)": "f = 0.0",
        },
        "cells": ["for degrees, zoom in VIEWS]"],
    },
    {
        "wrong": "the confidence is the same for every image",
        "replace": {
            "right, confidence = answers == y_test": (
                "probabilities = np.full((10_000, 10), (1 - test_accuracy) / 9)\n"
                "probabilities[np.arange(10_000), answers] = test_accuracy\n"
                "right, confidence = answers == y_test"
            )
        },
        "cells": ["at least half of the mistakes are among"],
        "budget": FEWER_EPOCHS,
        "prepare": ONCE,
    },
    {
        "wrong": "the saliency of the trained and of the untrained network are exchanged",
        "replace": {
            '"trained": saliency(final, images), "untrained": saliency(untrained, images)': (
                '"trained": saliency(untrained, images), "untrained": saliency(final, images)'
            )
        },
        "cells": ["the pixels of the trained map cost at least"],
        "budget": FEWER_EPOCHS,
        "prepare": ONCE,
    },
    {
        "wrong": "the photographed digits are white where the paper is",
        "replace": {"(loaded, digits[..., None])": "(loaded, 255 - digits[..., None])"},
        "cells": ["all three are classified correctly"],
        "budget": FEWER_EPOCHS,
        "prepare": ONCE,
    },
    {
        "wrong": "two devices normalise by their own images",
        "replace": {
            "save_start(folder, synchronized=True)\n    weights": (
                "save_start(folder, synchronized=False)\n    weights"
            )
        },
        "cells": ["two devices and two processes agree"],
        "budget": SHORT,
    },
]
