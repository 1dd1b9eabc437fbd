"""The floor: nothing but the products of weights with inputs and with gradients."""

import numpy as np

from contenders.architectures import floats


def products_numpy(architecture, train):
    images = floats(train)[0].reshape(len(train.labels), -1)
    rng = np.random.default_rng(0)
    weights = [rng.normal(0, 0.03, shape).astype(np.float32) for shape in architecture.kernels()[1]]
    gradients = [None] * len(weights)

    def epoch():
        for start in range(0, len(images), architecture.batch_size):
            inputs = [images[start : start + architecture.batch_size]]
            for w in weights:
                inputs.append(inputs[-1] @ w)
            gradient = inputs.pop()
            for i in reversed(range(len(weights))):
                gradients[i] = inputs[i].T @ gradient
                gradient = gradient @ weights[i].T if i else None

    return epoch


def products_tensorflow(architecture, train, jit_compile=False, adam=False):
    """The same in a compiled loop, with convolutions; a crop stands where the pooling was.

    adam: after every batch, the weights are updated, too.
    """
    import tensorflow as tf

    from shared import optimizers

    batch_size, images = architecture.batch_size, tf.constant(floats(train)[0])
    shapes = sum(architecture.kernels(), [])
    weights = [tf.Variable(0.03 * tf.random.stateless_normal(shape, [0, 0])) for shape in shapes]

    def gradients(x):
        with tf.GradientTape() as tape:
            for w in weights:
                if len(w.shape) == 4:
                    x = tf.nn.conv2d(x, w, 1, architecture.padding.upper())
                    x = x[:, : x.shape[1] // 2, : x.shape[2] // 2]
                else:
                    x = tf.reshape(x, [batch_size, -1]) @ w
        return tape.gradient(x, weights, output_gradients=x)

    optimizer = optimizers.Adam(1e-9)  # so small that the numbers stay as harmless as they are
    optimizer.build(weights)

    @tf.function(autograph=False, jit_compile=True)
    def update(gradients):
        optimizer.apply(gradients, weights)

    @tf.function(jit_compile=jit_compile)
    def epoch():
        start, last = tf.constant(0), [tf.zeros(shape) for shape in shapes]
        while start + batch_size <= len(train.labels):  # the last, smaller batch is left out
            last = gradients(tf.slice(images, [start, 0, 0, 0], [batch_size, 28, 28, 1]))
            if adam:
                update(last)
            start += batch_size
        return last

    return lambda: [gradient.numpy() for gradient in epoch()]
