def dropout_gradient(g, keep, rate):
    """g: gradient at the layer's output; keep: its mask, booleans; both [batch, units].

    For a fixed mask the layer multiplies each activation by 1 / (1 - rate) or by 0, and the
    derivative of a product with a constant is that constant: the same factors go backwards.
    """
    return tf.where(keep, g / (1 - rate), 0.0)
