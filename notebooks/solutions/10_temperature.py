def temperature(logits, labels):
    """The T for which the mean cross-entropy of logits / T is lowest.

    Cross-entropy is convex in the logits, hence in 1 / T: there is one minimum, and a search on a
    line finds it. A gradient is not needed, and neither is the network.
    """
    from scipy.optimize import minimize_scalar

    cross_entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def loss(T):
        return float(cross_entropy(labels, logits / T))

    return minimize_scalar(loss, bounds=(0.05, 20), method="bounded").x
