class StopAt(keras.callbacks.Callback):
    """Stops the training once val_accuracy has reached the target.

    fit looks at stop_training after each epoch. The callback only ever sets it to True: to set it
    to False would cancel what another callback, such as EarlyStopping, has asked for.
    """

    def __init__(self, target):
        super().__init__()
        self.target = target

    def on_epoch_end(self, epoch, logs=None):
        if logs["val_accuracy"] >= self.target:
            self.model.stop_training = True
