"""Draws the picture of the README from the README's table and a freshly trained classifier.

    python tests/measure/picture.py

Writes .github/results.png: the weights of notebook 01's classifier, and the test error of every
notebook next to what was published for the same kind of model.
"""

import re
import sys
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from shared import mnist, plotting, training
from shared.layers import Dense
from shared.optimizers import SGD

import tensorflow as tf

ROW = r"^\| (\d\d) \| \[(.+?)\].*?([\d.]+) % \(([\d.]+) to ([\d.]+)\) \| ?(?:([\d.]+) %, ([^|]+))?"


class Softmax(tf.Module):
    def __init__(self):
        super().__init__()
        self.dense = Dense(784, 10, rng=None, init=lambda rng, *shape: np.zeros(shape, "float32"))

    def __call__(self, images, training):
        return self.dense(tf.reshape(images, [-1, 784]))


def weights():
    """Returns what the classifier of notebook 01 learns, one picture for each digit."""
    data, model = mnist.load(), Softmax()
    training.fit(model, SGD(0.2), data.train, epochs=5, batch_size=128, verbose=False)
    return model.dense.W.numpy().T.reshape(10, 28, 28)


def main():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    rows = re.findall(ROW, readme, re.MULTILINE)
    figure, _ = plotting.panels(width=9.0, height=5.6)
    figure.clear()
    above, below = figure.subfigures(2, 1, height_ratios=[1.0, 3.4])

    pictures = weights()
    limit = np.abs(pictures).max()
    for digit, axis in enumerate(above.subplots(1, 10)):
        axis.imshow(pictures[digit], cmap="RdBu_r", clim=(-limit, limit))
        axis.axis("off")
        axis.set_title(digit, loc="center")
    above.suptitle(
        "What notebook 01 learns: ink on red raises the score of a digit, on blue it lowers it"
    )

    axis = below.subplots()
    axis.set_xscale("log")
    axis.set(xlim=(0.12, 60), ylim=(len(rows) - 0.5, -0.6))
    for row, (_, _, *values, published, source) in enumerate(rows):
        centre, worst, best = (100 - float(value) for value in values)
        offset = {"textcoords": "offset points", "va": "center"}
        if published:
            error = 100 - float(published)
            axis.plot(error, row, "D", mfc="white", color=plotting.GREY, ms=6)
            note, end = f"{error:.2f} %  {source.strip()}", max(error, worst)
            axis.annotate(note, (end, row), (9, 0), color="#666666", fontsize=9, **offset)
        axis.plot([best, worst], [row, row], color=plotting.BLUE, lw=5, solid_capstyle="round")
        axis.plot(centre, row, "o", mfc="white", mec=plotting.BLUE, ms=4)
        left = min(best, error) if published else best
        axis.annotate(
            f"{centre:.2f} %", (left, row), (-8, 0), color=plotting.BLUE, ha="right", **offset
        )
    axis.set(yticks=range(len(rows)), yticklabels=[f"{row[0]}  {row[1]}" for row in rows])
    axis.set(xticks=[0.3, 1, 3, 10], xticklabels=["0.3 %", "1 %", "3 %", "10 %"])
    axis.minorticks_off()
    axis.grid(False, axis="y")
    axis.set_title("Mistakes on the test images: ours, mean and range (blue); published (grey)")
    axis.tick_params(axis="y", length=0)
    target = REPOSITORY / ".github" / "results.png"
    target.parent.mkdir(exist_ok=True)
    figure.savefig(target, dpi=110)
    print(f"{target.relative_to(REPOSITORY)}: {target.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
