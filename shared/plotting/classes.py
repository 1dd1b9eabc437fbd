"""Figures about the classes: which are taken for which, how many, and how calibrated."""

import matplotlib.pyplot as plt
import numpy as np

from shared import checks
from shared.claims import accuracy_interval
from shared.plotting import checked
from shared.plotting.style import BLUE, GREY, SMALL, contrast, ink, looks, panels


def confusion_matrix(labels, predictions, classes=10):
    """Draws how often each class was predicted for each label, and returns the figure.

    labels, predictions: int [n]; classes: how many, or a list of their names. Colour shows the
    mistakes only; the diagonal counts what was right. Raises ValueError for logits (their argmax
    is the prediction), for different lengths, and for labels that are not among the classes.
    """
    count, names = checked.class_names(classes)
    labels = checked.classes_of(labels, "labels", count)
    predictions = checked.classes_of(predictions, "predictions", count)
    checked.same_length(labels=labels, predictions=predictions)
    if not len(labels):
        raise ValueError("labels: found none; expected at least one")
    counts = np.zeros((count, count), int)
    np.add.at(counts, (labels, predictions), 1)
    right = np.eye(count, dtype=bool)
    mistakes = np.where(right, np.nan, counts)
    wrong = int(counts[~right].sum())
    figure, axis = panels(width=6.0, height=4.5)
    axis.grid(False)
    scale = max(1, counts[~right].max(initial=0))
    cmap = plt.get_cmap("Oranges").with_extremes(bad="#E8EDF2")
    axis.imshow(mistakes, cmap=cmap, vmin=0, vmax=scale)
    if count <= 20:
        for (true, predicted), n in np.ndenumerate(counts):
            if n:
                cell = cmap(0.0 if true == predicted else n / scale)
                colour = "black" if contrast("black", cell[:3]) >= 4.5 else "white"
                axis.text(
                    predicted, true, n, ha="center", va="center", fontsize=SMALL, color=colour,
                    fontweight="bold" if true == predicted else "normal",
                )  # fmt: skip
        long = max(map(len, names)) > 2
        axis.set_xticks(
            range(count), names, rotation=45 if long else 0, ha="right" if long else "center"
        )
        axis.set_yticks(range(count), names)
    axis.set(xlabel="predicted class", ylabel="label (true class)")
    axis.set_title(f"{wrong:,} mistakes in {counts.sum():,} images")
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    return figure


def class_shares(splits, classes=10, title=None):
    """Draws the share of each class, a bar for each split, and returns the figure.

    splits: {name: labels int [n]}; classes: how many, or a list of their names.
    """
    count, names = checked.class_names(classes)
    if not isinstance(splits, dict) or not splits:
        raise TypeError(f"splits: expected {{name: labels}}, found {type(splits).__name__}")
    figure, axis = panels(height=2.6)
    width = 0.8 / len(splits)
    for k, ((name, labels), look) in enumerate(
        zip(splits.items(), looks(map(str, splits)).values(), strict=True)
    ):
        labels = checked.classes_of(labels, name, count)
        share = 100 * np.bincount(labels, minlength=count) / max(len(labels), 1)
        places = np.arange(count) + (k - (len(splits) - 1) / 2) * width
        axis.bar(places, share, width, label=f"{name} ({len(labels):,})", color=look.colour)
    top = axis.get_ylim()[1]
    long = max(map(len, names)) > 4
    axis.set_xticks(range(count), names, rotation=30 if long else 0)
    axis.set(xlabel="class", ylabel="share (%)", ylim=(0, 1.25 * top))
    axis.grid(False, axis="x")
    axis.legend(ncols=len(splits), loc="upper right")
    if title:
        axis.set_title(title)
    return figure


def calibration(labels, probabilities, bins=10, title=None):
    """Draws the accuracy of the predictions against their probability, and returns the figure.

    labels: int [n]; probabilities: [n, classes], rows that add up to 1. The images are sorted by
    the probability of their predicted class, their confidence, into bins of equal numbers of
    images; bars are 95 % intervals of the accuracy. A calibrated model lies on the diagonal, an
    overconfident one below it. Guo and others, "On calibration of modern neural networks" (2017).
    """
    shares = checked.probabilities(probabilities)
    labels = checked.classes_of(labels, "labels", shares.shape[1])
    checked.same_length(labels=labels, probabilities=shares)
    bins = checks.whole(bins, "bins", 1, len(labels))
    confidence, right = shares.max(axis=1), shares.argmax(axis=1) == labels
    order = np.array_split(np.argsort(confidence, kind="stable"), bins)
    said = np.array([confidence[part].mean() for part in order])
    kept = np.array([right[part].mean() for part in order])
    ends = np.array([accuracy_interval(k, len(part)) for k, part in zip(kept, order, strict=True)])
    figure, axis = panels(width=5.5, height=4.2)
    low = min(said.min(), ends.min())
    axis.plot([100 * low, 100], [100 * low, 100], "--", color=GREY, lw=1)
    bars = 100 * np.maximum([kept - ends[:, 0], ends[:, 1] - kept], 0)
    axis.errorbar(100 * said, 100 * kept, bars, fmt="o", capsize=3, color=BLUE)
    axis.text(
        0.97, 0.03, "below the dashed line: overconfident", transform=axis.transAxes,
        ha="right", va="bottom", color=ink(GREY), fontsize=SMALL,
    )  # fmt: skip
    axis.set(xlabel="predicted probability, mean of the bin (%)", ylabel="accuracy (%)")
    axis.set_title(title or f"Accuracy against confidence, {bins} bins of {len(order[0]):,} images")
    return figure
