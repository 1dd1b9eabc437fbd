"""What notebooks 07 and 10 say of Keras and no cell of theirs shows."""

import keras
import numpy as np
import pytest
import tensorflow as tf

LABELS = np.arange(200)


class Recorder(keras.Model):
    """A model that learns nothing and writes down the labels in the order in which they come."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def call(self, x):
        return x

    def train_step(self, data):
        tf.py_function(lambda labels: self.seen.extend(labels.numpy()), [data[1]], [])
        return {"loss": tf.constant(0.0)}


def orders(shuffled_by_tf_data):
    """Returns the order of the labels in each of two epochs, after the seed is set."""
    keras.utils.set_random_seed(0)
    model = Recorder()
    model.compile(loss="mse")
    images = np.zeros((200, 1), np.float32)
    if shuffled_by_tf_data:
        batches = tf.data.Dataset.from_tensor_slices((images, LABELS)).shuffle(200).batch(50)
        model.fit(batches, epochs=2, shuffle=False, verbose=0)
    else:
        model.fit(images, LABELS, batch_size=50, epochs=2, verbose=0)
    return np.reshape(model.seen, (2, 200))


@pytest.mark.parametrize("shuffled_by_tf_data", [False, True])
def test_every_epoch_has_all_images_in_an_order_that_the_seed_decides(shuffled_by_tf_data):
    first = orders(shuffled_by_tf_data)
    assert np.array_equal(first, orders(shuffled_by_tf_data))
    for epoch in first:
        assert np.array_equal(np.sort(epoch), LABELS) and not np.array_equal(epoch, LABELS)


def test_a_seeded_fit_shuffles_arrays_into_one_order_and_tf_data_into_another_each_time():
    one, two = orders(shuffled_by_tf_data=False)
    assert np.array_equal(one, two)
    one, two = orders(shuffled_by_tf_data=True)
    assert not np.array_equal(one, two)
