"""Keras: `fit` as it comes, and the best setting that we found."""

from contenders.architectures import floats


def keras_network(architecture, pool_first=False, **options):
    """Returns the architecture as a compiled Keras model; options: those of compile."""
    from keras import Input, Sequential, layers, losses, optimizers

    parts = [Input((28, 28, 1))]
    for width, filters in architecture.convolutions:
        convolution = layers.Conv2D(filters, width, padding=architecture.padding)
        tail = [layers.MaxPooling2D(), layers.ReLU()]
        parts += [convolution, *(tail if pool_first else reversed(tail))]
    parts.append(layers.Flatten())
    parts += [layers.Dense(units, activation="relu") for units in architecture.dense]
    model = Sequential([*parts, layers.Dense(10)])
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizers.Adam(1e-3), loss, metrics=["accuracy"], **options)
    return model


def keras_default(architecture, train):
    x, y = floats(train)
    model = keras_network(architecture)
    return lambda: model.fit(x, y, batch_size=architecture.batch_size, verbose=0)


def keras_best(architecture, train):
    """The best found: many steps per call, batches gathered by tf.data; XLA for dense networks.

    Without the tuner of tf.data: when an epoch of more than a few seconds ends, it often waits for
    the tuner's next turn (seen: to 5.1 and to 10.3 s).
    """
    import tensorflow as tf

    dense = not architecture.convolutions
    model = keras_network(architecture, pool_first=True, jit_compile=dense, steps_per_execution=50)
    x, y = map(tf.constant, floats(train))
    order = tf.data.Dataset.range(len(y)).shuffle(len(y)).batch(architecture.batch_size)
    batches = order.map(lambda batch: (tf.gather(x, batch), tf.gather(y, batch))).prefetch(4)
    options = tf.data.Options()
    options.autotune.enabled = False
    batches = batches.with_options(options)
    return lambda: model.fit(batches, shuffle=False, verbose=0)
