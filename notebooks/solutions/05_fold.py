def fold(dense, norm):
    """W [m, n] and b [n] of the one dense layer that equals dense, then norm, not training.

    The layer computes scale * (z - mean) + beta, where z = x W + b. Multiplied out, the scale goes
    into each column of W, and everything without x into the bias.
    """
    scale = norm.gamma / tf.sqrt(norm.moving_variance + norm.epsilon)  # [n]
    return dense.W * scale, (dense.b - norm.moving_mean) * scale + norm.beta
