def numerical_gradient(loss, b, epsilon=1e-5):
    """The slope of loss(b) in each number of b, a float64 array, by central differences.

    One number moves at a time, both ways: in the difference of the two losses the terms of even
    order cancel, so that the error falls with the square of epsilon.
    """
    gradient = np.zeros_like(b)
    for i in range(b.size):
        step = np.zeros_like(b)
        step.flat[i] = epsilon
        gradient.flat[i] = (loss(b + step) - loss(b - step)) / (2 * epsilon)
    return gradient
