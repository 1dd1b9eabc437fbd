"""What notebook 09 teaches, made wrong."""

SHORT = {"first(10_000), held_out, epochs=4": "first(1_000), held_out, epochs=1"}
ONE_RATE = {  # with one number of images
    "[0.005, 0.015, 0.05, 0.15]": "[0.015]",
    "[0.003, 0.01, 0.03, 0.1]": "[0.01]",
    "first(n)) for n in ": "first(n)) for n in [1600] or ",
    "in [*RATES][1:]:\n    for n in ": "in [*RATES][1:]:\n    for n in [1600] or ",
}
TWO_NETWORKS = ONE_RATE | {
    '    "dense, equal multiply-adds": partial(MLP, widths=(305, 305)),\n': "",
    '    "dense, equal multiply-adds": [0.001, 0.003, 0.01, 0.03],\n': "",
    '    "locally connected": LocalNet,\n': "",
    '    "locally connected": [0.0015, 0.005, 0.015, 0.05],\n': "",
}
FOUR_NETWORKS = ONE_RATE | {
    "[0.001, 0.003, 0.01, 0.03]": "[0.003]",
    '"locally connected": [0.0015, 0.005, 0.015, 0.05]': '"locally connected": [0.005]',
}
SHUFFLED = TWO_NETWORKS | {"[0.0015, 0.005, 0.015, 0.05]": "[0.005]"}
UNTRAINED = {
    "    optimizer,\n    data.train,\n": "    optimizer,\n    first(1280),\n",
    "epochs, batch_size = 8, 128": "epochs, batch_size = 1, 128",
}

MUTATIONS = [
    {
        "wrong": "the loops turn the kernel",
        "replace": {
            "x[i + u, j + v, c] * K[u, v, c, k]": "x[i + u, j + v, c] * K[-1 - u, -1 - v, c, k]"
        },
        "cells": ["loops and patches agree with TensorFlow"],
    },
    {
        "wrong": "the usual order has a mean for the maximum",
        "replace": {"usual = tf.nn.max_pool2d(": "usual = tf.nn.avg_pool2d("},
        "cells": ["bias and ReLU before pooling give the same"],
        "budget": SHORT,
    },
    {
        "wrong": "the gradient of the input turns the kernel once more",
        "replace": {"delta[i, j] * K[u, v]": "delta[i, j] * K[1 - u, 1 - v]"},
        "cells": ["the gradients by hand and those of the tape"],
    },
    {
        "wrong": "the gradient of the kernel counts one position only",
        "replace": {'by_hand["K"][u, v] += ': 'by_hand["K"][u, v] = '},
        "cells": ["the gradients by hand and those of the tape"],
    },
    {
        "wrong": "the features depend on the column",
        "replace": {
            "a = images[..., None]  # [B, 28, 28, 1]": (
                "a = (images + np.linspace(0, 1, 28, dtype=np.float32))[..., None]"
            )
        },
        "cells": ["away from the border, both networks"],
        "budget": SHORT,
    },
    {
        "wrong": "the dense network said to have equal parameters has six times as many",
        "replace": {"widths=(61, 61)": "widths=(305, 305)"},
        "cells": ["one dense network matches the parameters"],
    },
    {
        "wrong": "the locally connected network shares its weights",
        "replace": {'"locally connected": LocalNet': '"locally connected": ConvNet'},
        "cells": [
            "the locally connected one matches both counts",
            "without weight sharing, the error",
        ],
        "budget": FOUR_NETWORKS,
    },
    {
        "wrong": "the convolutional and the dense network are exchanged",
        "replace": {
            '"convolutional": ConvNet': '"convolutional": partial(MLP, widths=(61, 61))',
            '"dense, equal parameters": partial(MLP, widths=(61, 61))': (
                '"dense, equal parameters": ConvNet'
            ),
        },
        "cells": ["it makes at least 30 % fewer"],
        "budget": TWO_NETWORKS,
    },
    {
        "wrong": "the shifted digits are not shifted",
        "replace": {"lambda t: np.roll(images, t, axis=2)": "lambda t: images"},
        "cells": ["for a shift of 3 pixels the convolutional"],
        "budget": TWO_NETWORKS,
    },
    {
        "wrong": "every image is shuffled in its own way",
        "replace": {
            "split.images.reshape(-1, 784)[:, order]": (
                "np.random.default_rng(1).permuted(split.images.reshape(-1, 784), axis=1)"
            )
        },
        "cells": ["the shuffle costs the convolutional network"],
        "budget": SHUFFLED,
    },
    {
        "wrong": "channels are normalised by the batch at inference",
        "replace": {
            "        if training:\n            mean, variance = tf.nn.moments": (
                "        if True:\n            mean, variance = tf.nn.moments"
            )
        },
        "cells": ["the restored network gives the same logits"],
        "budget": UNTRAINED,
    },
    {
        "wrong": "the patches are not those to which a filter responds most",
        "replace": {
            "np.argsort(-z[..., unit].max(axis=1)": "np.argsort(z[..., unit].min(axis=1)",
            ".argmax(axis=1), 24)": ".argmin(axis=1), 24)",
        },
        "cells": ["before training, the correlation is"],
        "budget": {'"trained": deep.convs[0].K': '"trained": DeepConvNet(SEED + 1).convs[0].K'},
    },
]
