"""What a training shows while it runs."""

import math
import time


class Progress:
    """A line per epoch, rewritten while the epoch runs; of many epochs, about ten lines stay."""

    def __init__(self, epochs, verbose):
        self.epochs, self.verbose = epochs, verbose
        self.began = self.epoch_began = self.shown = 0.0
        self._write("compiling ...")

    def begin(self):
        """Starts the clock."""
        self.began = self.epoch_began = self.shown = time.perf_counter()

    def show(self, epoch, part, loss, accuracy):
        """Shows how far the epoch is, twice a second at most."""
        now = time.perf_counter()
        if now - self.shown > 0.5:
            left = (now - self.began) * (self.epochs / (epoch + part) - 1)
            self._write("\r" + self._line(epoch, f"{left:.0f} s left", loss, accuracy))
            self.shown = now

    def end(self, epoch, values):
        """Shows the finished epoch on a line that stays; returns its seconds."""
        now = time.perf_counter()
        seconds, self.epoch_began = now - self.epoch_began, now
        stays = (epoch + 1) % math.ceil(self.epochs / 10) == 0 or epoch + 1 == self.epochs
        line = self._line(epoch, f"{seconds:.1f} s", **values)
        self._write("\r" + line + ("\n" if stays else ""))
        return seconds

    def _line(self, epoch, clock, loss, accuracy, val_loss=None, val_accuracy=None):
        """Returns the line; a finished epoch's is never the shorter one, so it covers the rest."""
        number = f"{epoch + 1:{len(str(self.epochs))}}/{self.epochs}"
        line = f"epoch {number}  {clock:>10}   loss {loss:.4f}  accuracy {accuracy:7.2%}"
        if val_loss is not None:
            line += f"   val_loss {val_loss:.4f}  val_accuracy {val_accuracy:7.2%}"
        return line

    def _write(self, text):
        if self.verbose:
            print(text, end="", flush=True)
