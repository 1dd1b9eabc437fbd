def kernel_gradient(P, dZ):
    """dL / dK, the shape of K, from the patches P and dZ = dL / dZ, [places, units].

    Z = P K is a dense layer whose rows are the positions of the image. Each position contributes
    its patch times its dZ, and the product with the transpose adds them up: weights that are shared
    collect the gradients of all their uses.
    """
    return tf.transpose(P) @ dZ
