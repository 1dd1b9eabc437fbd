"""What a training shows while it runs: a line per epoch, and in a notebook its curves.

The curves grow while a long training runs, and are its figure when it is over. Keras's trainings
draw the same figure with `callbacks=[progress.Curve()]`.
"""

import math
import sys
import time
import uuid

import keras

from shared import plotting

SHARE = 0.02  # of a training's time, at most, goes into redrawing its curves
LONG = 10.0  # seconds: with more than this left after the first line, the curves are shown unasked
TITLE = "Loss and accuracy by epoch"


class Progress:
    """A line per epoch, rewritten while the epoch runs; of many epochs, about ten lines stay.

    epochs: how many there will be; verbose: False shows nothing at all. curve: the title of the
    figure of loss and accuracy that a notebook shows above the lines; None shows it only if the
    training takes more than about ten seconds, under a plain title.
    """

    def __init__(self, epochs, verbose, curve=None):
        self.epochs, self.verbose = epochs, verbose
        self.began = self.epoch_began = self.shown = 0.0
        self.width, self.first_line = 0, True
        self.figure = GrowingFigure(curve or TITLE) if verbose and in_notebook() else None
        if self.figure and curve is not None:
            self.figure.draw()
        self._write("compiling ...")

    def begin(self):
        """Starts the clock."""
        self.began = self.epoch_began = self.shown = time.perf_counter()

    def show(self, epoch, part, loss, accuracy):
        """Shows how far the epoch is, twice a second at most."""
        now = time.perf_counter()
        if now - self.shown > 0.5:
            left = self._left(epoch + part, now)
            self._write("\r" + self._line(epoch, f"{left:.0f} s left", loss, accuracy))
            self.shown = now

    def end(self, epoch, values):
        """Shows the finished epoch on a line that stays; returns its seconds."""
        now = time.perf_counter()
        seconds = now - self.epoch_began
        last = epoch + 1 == self.epochs
        stays = (epoch + 1) % math.ceil(self.epochs / 10) == 0 or last
        if self.figure:
            self.figure.append(values)
            self._draw(stays, last, self._left(epoch + 1, now))
        line = self._line(epoch, f"{seconds:.1f} s", **values)
        self._write("\r" + line + ("\n" if stays else ""))
        self.first_line = self.first_line and not stays
        self.epoch_began = time.perf_counter()
        return seconds

    def close(self):
        """Draws what has not been drawn yet: for a training that was interrupted."""
        if self.figure and self.figure.shown and not self.figure.complete:
            self.figure.draw()

    def _draw(self, stays, last, left):
        """Draws the figure if it is time to.

        Text that follows a figure stands below it. So the figure comes before the first line that
        stays, or never: that line comes after an epoch or a tenth of them, when the rest of the
        time can be estimated. What was written until then is wiped out.
        """
        if self.figure.shown:
            if last or self.figure.may_draw(left):
                self.figure.draw()
        elif stays and self.first_line and left > LONG:
            self._write("\r" + " " * self.width)
            self.figure.draw()

    def _left(self, epochs_done, now):
        """Returns the estimate of the seconds that are left."""
        return (now - self.began) * (self.epochs / epochs_done - 1)

    def _line(self, epoch, clock, loss, accuracy, val_loss=None, val_accuracy=None):
        """Returns the line; a finished epoch's is never the shorter one, so it covers the rest."""
        number = f"{epoch + 1:{len(str(self.epochs))}}/{self.epochs}"
        line = f"epoch {number}  {clock:>10}   loss {loss:.4f}  accuracy {accuracy:7.2%}"
        if val_loss is not None:
            line += f"   val_loss {val_loss:.4f}  val_accuracy {val_accuracy:7.2%}"
        return line

    def _write(self, text):
        if self.verbose:
            self.width = max(self.width, len(text.strip("\r\n")))
            print(text, end="", flush=True)


class Curve(keras.callbacks.Callback):
    """Keras's callback that grows the same figure: `model.fit(..., callbacks=[Curve("title")])`.

    Outside a notebook it does nothing. An interrupt leaves the figure as it is.
    """

    def __init__(self, title=TITLE):
        super().__init__()
        self.title, self.figure = title, None

    def on_train_begin(self, logs=None):
        self.began = time.perf_counter()
        self.figure = GrowingFigure(self.title) if in_notebook() else None
        if self.figure:
            self.figure.draw()

    def on_epoch_end(self, epoch, logs=None):
        if self.figure:
            self.figure.append(logs)
            done = len(self.figure.epoch)
            elapsed = time.perf_counter() - self.began
            if self.figure.may_draw(elapsed * (self.params["epochs"] / done - 1)):
                self.figure.draw()

    def on_train_end(self, logs=None):
        if self.figure and not self.figure.complete:
            self.figure.draw()


class GrowingFigure:
    """The curves of a training, drawn again and again in the same place of a notebook.

    It holds the epochs so far as a History does, in `history` and `epoch`. What it shows is a
    picture and no text, so that the text of a cell is the same with and without it.
    """

    def __init__(self, title):
        self.title, self.history = title, {}
        self.shown, self.complete = False, False
        self.display_id, self.drawn, self.cost = uuid.uuid4().hex, 0.0, 0.0

    @property
    def epoch(self):
        """The epochs' numbers, from 0."""
        return list(range(max(map(len, self.history.values()), default=0)))

    def append(self, values):
        """Adds one epoch."""
        for key, value in values.items():
            self.history.setdefault(key, []).append(float(value))
        self.complete = False

    def may_draw(self, left):
        """Returns whether to draw now, with so many seconds left in the training.

        After a drawing, and before the end, fifty times as long must pass as a drawing takes, so
        that all but the last one together take less than SHARE of the time.
        """
        wait = max(0.5, self.cost / SHARE)
        return left >= wait and time.perf_counter() - self.drawn >= wait

    def draw(self):
        """Draws the epochs so far: a new output of the cell the first time, then in its place."""
        began = time.perf_counter()
        show_png(png(self), self.display_id, update=self.shown)
        self.shown = self.complete = True
        self.drawn = time.perf_counter()
        self.cost = self.drawn - began


def png(figure):
    """Returns the picture of a GrowingFigure, PNG, of the same size however many epochs it has."""
    if figure.epoch:
        return plotting.png(plotting.curves(figure, figure.title))
    drawing, axes = plotting.panels(1, 2)
    for axis, name in zip(axes, ("loss", "accuracy (%)"), strict=True):
        axis.set(xlabel="epoch", title=name, xticks=[], yticks=[])
    drawing.suptitle(figure.title, x=0.01, ha="left")
    return plotting.png(drawing)


def in_notebook():
    """Returns whether a Jupyter kernel runs this, and not a terminal or plain Python."""
    ipython = sys.modules.get("IPython")  # without it, this is no notebook
    shell = ipython.get_ipython() if ipython else None
    return hasattr(shell, "kernel")


def show_png(picture, display_id, update):
    """Shows a PNG, and nothing else, in the cell that runs; update: in place of the one before."""
    from IPython.display import publish_display_data  # only in a notebook, where it is loaded

    publish_display_data(
        {"image/png": picture}, transient={"display_id": display_id}, update=update
    )
