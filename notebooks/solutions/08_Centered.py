class Centered(optimizers.RMSprop):
    """RMSprop that divides by the standard deviation of the recent gradients, not by their size.

    The mean of the squares less the square of the mean is the variance. Where gradients keep their
    sign it is smaller than the mean square, and the steps are longer.
    """

    slots = 2

    def update(self, w, g, rate, mean_square, mean):
        mean_square.assign(self.rho * mean_square + (1 - self.rho) * g**2)
        mean.assign(self.rho * mean + (1 - self.rho) * g)
        w.assign_sub(rate * g / tf.sqrt(mean_square - mean**2 + self.epsilon))
