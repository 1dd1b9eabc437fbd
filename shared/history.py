"""What a training went through, and where that is found: in `model.history`, as with Keras."""


class History:
    """What a training went through, with the keys of Keras's History.

    history: {"loss", "accuracy", "val_loss", "val_accuracy", "seconds"}, one float per epoch;
    loss and accuracy are means over the epoch's training steps, val_* are measured after it.
    """

    def __init__(self):
        self.history = {}

    @property
    def epoch(self):
        """The epochs' numbers, from 0."""
        return list(range(len(self.history.get("loss", []))))

    def append(self, **values):
        """Adds one epoch."""
        for key, value in values.items():
            self.history.setdefault(key, []).append(value)

    def cut(self, epochs):
        """Leaves the first epochs only, as many as that."""
        self.history = {key: values[:epochs] for key, values in self.history.items() if epochs}


class Diverged(ArithmeticError):
    """The loss was not finite. `history` holds the epochs finished before that."""

    def __init__(self, message, history):
        super().__init__(message)
        self.history = history


def new_history(model):
    """Returns a new History, which is model.history too, if the model has no other use for that."""
    history, used = History(), getattr(model, "history", None)
    if used is None or hasattr(used, "history"):
        try:
            model.history = history
        except (AttributeError, TypeError):  # a model that takes no attributes
            pass
    return history
