class AdaGrad(Optimizer):
    """Divides each gradient by the root of the sum of all its squares so far.

    The sum never shrinks: under a constant gradient it is t g^2 after t steps, so that the step
    falls like 1 / sqrt(t), whatever the size of the gradient.
    """

    slots = 1

    def __init__(self, learning_rate=0.01, epsilon=1e-7):
        super().__init__(learning_rate)
        self.epsilon = epsilon

    def update(self, w, g, rate, sum_of_squares):
        sum_of_squares.assign_add(g**2)
        w.assign_sub(rate * g / tf.sqrt(sum_of_squares + self.epsilon))
