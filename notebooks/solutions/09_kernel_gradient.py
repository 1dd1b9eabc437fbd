def kernel_gradient(P, delta):
    """dL / dK, [size size channels, units], from P [positions, ...] and delta [positions, units].

    Z = P K is a dense layer whose rows are the positions of the image. Each position contributes
    its patch times its delta, and the product with the transpose adds them up: weights that are
    shared collect the gradients of all their uses.
    """
    return tf.transpose(P) @ delta
