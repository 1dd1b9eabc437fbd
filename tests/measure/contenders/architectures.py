"""The networks that every library trains."""

from typing import NamedTuple

import numpy as np


class Architecture(NamedTuple):
    """Convolutions, each with 2x2 max pooling and ReLU, and then dense layers with ReLU."""

    convolutions: tuple = ()  # of (width of the kernel, filters)
    dense: tuple = ()  # units of each hidden layer
    padding: str = "same"
    batch_size: int = 128

    def kernels(self):
        """Returns the shapes of the kernels, and those of the dense layers' weights."""
        side, channels, kernels = 28, 1, []
        for width, filters in self.convolutions:
            kernels.append((width, width, channels, filters))
            side, channels = (side if self.padding == "same" else side - width + 1) // 2, filters
        sizes = side * side * channels, *self.dense, 10
        return kernels, list(zip(sizes[:-1], sizes[1:], strict=True))


MLP = Architecture(dense=(512, 128))
SMALL_MLP = Architecture(dense=(128, 128))
CNN = Architecture(convolutions=((3, 16), (3, 32)), dense=(128,))
NINETY_NINE = Architecture(((5, 24), (3, 32)), (256,), padding="valid", batch_size=256)


def floats(train):
    """Returns images, float32 [n, 28, 28, 1] from 0 to 1, and labels: what the others are given."""
    return train.images[..., np.newaxis].astype(np.float32) / 255, train.labels
