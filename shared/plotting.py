"""Figures that more than one notebook needs. Functions take arrays and return a finished figure.

A figure is shown when it is the last line of a cell. Colours are those of Okabe and Ito, which the
colour-blind can tell apart; the background is white in every theme.
"""

import itertools

import matplotlib.pyplot as plt
import numpy as np

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, BLACK, GREY = "#CC79A7", "#56B4E9", "#000000", "#8C8C8C"
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK)
TRAINING, VALIDATION = BLUE, ORANGE

STYLE = {
    "figure.dpi": 120,
    "figure.facecolor": "white",
    "figure.titlesize": 12,
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#E6E6E6",
    "axes.axisbelow": True,
    "axes.prop_cycle": plt.cycler(color=COLOURS),
    "lines.linewidth": 1.8,
    "image.cmap": "gray_r",
    "legend.frameon": False,
    "savefig.bbox": "tight",
}
plt.rcParams.update(STYLE)


def panels(rows=1, columns=1, width=9.0, height=3.2, **options):
    """Returns (figure, axes), one or an array of them, to draw on; sizes in inches.

    The figure is shown only where a cell ends with it, never by itself.
    options: those of matplotlib.pyplot.subplots.
    """
    figure, axes = plt.subplots(
        rows, columns, figsize=(width, height), layout="constrained", **options
    )
    plt.close(figure)
    return figure, axes


def label_lines(axes, gap=0.06):
    """Writes the label of each line at its right end, moved apart where they would collide.

    gap: the least distance between two labels, as a part of the axes' height.
    """
    lines = [line for line in axes.get_lines() if not line.get_label().startswith("_")]
    axes.autoscale_view()  # so that data and axes coordinates are what they will be when drawn
    to_axes = axes.transData + axes.transAxes.inverted()
    ends = []
    for line in lines:
        x, y = line.get_xdata(), np.asarray(line.get_ydata(), float)
        last = np.flatnonzero(np.isfinite(y))
        if len(last):
            height = to_axes.transform((x[last[-1]], y[last[-1]]))[1]
            ends.append([min(max(height, 0.0), 1.0), line])
    ends.sort(key=lambda end: end[0])
    for below, above in zip(ends, ends[1:], strict=False):
        above[0] = max(above[0], below[0] + gap)
    excess = max([0.0] + [end[0] - 1.0 for end in ends])
    for height, line in ends:
        axes.annotate(
            line.get_label(),
            (1.0, height - excess),
            xycoords="axes fraction",
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            color=line.get_color(),
        )


def spread(axes, x, runs, label, colour, **options):
    """Draws the mean of several runs [runs, points] as a line, and their range as a band."""
    runs = np.atleast_2d(runs)
    axes.plot(x, runs.mean(axis=0), color=colour, label=label, **options)
    if len(runs) > 1:
        axes.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=colour, alpha=0.2, lw=0)


def curves(runs, title=None, loss_scale="linear"):
    """Draws loss and accuracy against the epoch and returns the figure.

    runs: a History (ours or Keras's), drawn as training and validation; or {name: History}, or
    {name: [History, ...]} for several seeds, drawn as one colour each: validation as a line with
    its spread over the seeds, training dashed. loss_scale: "linear" or "log".
    """
    figure, axes = panels(1, 2)
    axes[0].set_yscale(loss_scale)
    if hasattr(runs, "history"):
        lines = [("training", [runs], "", TRAINING, "-")]
        lines += [("validation", [runs], "val_", VALIDATION, "-")] * ("val_loss" in runs.history)
    else:
        lines = []
        for (name, group), colour in zip(runs.items(), itertools.cycle(COLOURS), strict=False):
            group = [group] if hasattr(group, "history") else group
            lines.append((str(name), group, "val_", colour, "-"))
            lines.append(("_training", group, "", colour, "--"))
    for name, group, prefix, colour, style in lines:
        for axis, key, unit in ((axes[0], "loss", 1), (axes[1], "accuracy", 100)):
            values = [unit * np.array(run.history.get(prefix + key, [])) for run in group]
            epochs = np.arange(1, min(map(len, values)) + 1)
            values = [value[: len(epochs)] for value in values]
            width = 1.0 if style == "--" else 1.8
            spread(axis, epochs, values, name, colour, ls=style, lw=width)
    for axis, name in zip(axes, ("loss", "accuracy (%)"), strict=True):
        axis.set(xlabel="epoch", title=name)
        axis.xaxis.get_major_locator().set_params(integer=True)
        label_lines(axis)
    if not hasattr(runs, "history"):
        axes[0].text(
            0.98, 0.98, "solid: validation\ndashed: training", transform=axes[0].transAxes,
            ha="right", va="top", color=GREY, fontsize=9,
        )  # fmt: skip
    if title:
        figure.suptitle(title)
    return figure


def digits(images, titles=None, columns=10, title=None):
    """Draws images [n, 28, 28] in a grid, ink dark, each with its title, and returns the figure."""
    images = np.asarray(images)
    rows = max(1, -(-len(images) // columns))
    height = rows * (9.0 / columns) * (1.0 if titles is None else 1.28) + (0.35 if title else 0)
    figure, axes = panels(rows, columns, height=height, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for i, (axis, image) in enumerate(zip(axes.flat, images, strict=False)):
        axis.imshow(image)
        if titles is not None:
            axis.set_title(titles[i], fontsize=9, loc="center")
    if title:
        figure.suptitle(title)
    return figure


def weights(images, titles=None, columns=10, title=None):
    """Draws weights [n, height, width] as pictures, red positive and blue negative.

    All share one colour scale with white at zero, so that they can be compared. Returns the figure.
    """
    images = np.asarray(images)
    limit = np.abs(images).max()
    figure = digits(images, titles, columns, title)
    drawn = [axis.images[0] for axis in figure.axes if axis.images]
    for image in drawn:
        image.set(cmap="RdBu_r", clim=(-limit, limit))
    bar = figure.colorbar(drawn[0], ax=figure.axes, shrink=0.9, pad=0.01)
    bar.outline.set_visible(False)
    return figure


def confusion_matrix(labels, predictions, classes=10):
    """Draws how often each digit was taken for each other, and returns the figure.

    Colour shows the mistakes only; the diagonal, in grey, counts what was right.
    """
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (np.asarray(labels), np.asarray(predictions)), 1)
    mistakes = np.where(np.eye(classes, dtype=bool), np.nan, counts)
    figure, axis = panels(width=5.2, height=4.6)
    axis.grid(False)
    axis.imshow(mistakes, cmap="Oranges", vmin=0)
    dark = 0.6 * max(1, np.nanmax(mistakes))
    for (true, predicted), count in np.ndenumerate(counts):
        colour = GREY if true == predicted else "white" if count > dark else "black"
        if count:
            axis.text(predicted, true, count, ha="center", va="center", fontsize=8, color=colour)
    axis.set(
        xticks=range(classes), yticks=range(classes), xlabel="predicted digit", ylabel="true digit"
    )
    axis.set_title(f"{int(np.nansum(mistakes)):,} mistakes in {counts.sum():,} images")
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
    return figure


def mistakes(split, beliefs, most=20):
    """Draws the mistakes made with the highest belief: truth, answer, belief. Returns the figure.

    split: a Split, or any (images, labels); beliefs: probabilities [n, classes]; most: how many.
    """
    images, labels = split
    beliefs = np.asarray(beliefs)
    answers, belief = beliefs.argmax(axis=1), beliefs.max(axis=1)
    wrong = np.flatnonzero(answers != labels)
    worst = wrong[np.argsort(-belief[wrong], kind="stable")][:most]
    titles = [f"{labels[i]} as {answers[i]}\n{belief[i]:.1%}" for i in worst]
    return digits(images[worst], titles, title="The most confident mistakes: truth, answer, belief")


def histograms(layers, title=None, xlabel="value", bins=60):
    """Draws one histogram per layer, side by side, and returns the figure.

    layers: {name: array of any shape}, in order; the title of each panel adds its mean and spread.
    """
    figure, axes = panels(1, len(layers), width=9.0, height=2.4, squeeze=False)
    for axis, (name, values) in zip(axes.flat, layers.items(), strict=True):
        values = np.asarray(values).ravel()
        axis.hist(values, bins=bins, color=BLUE, density=True)
        axis.set_title(f"{name}\nmean {values.mean():.2g}, std {values.std():.2g}", fontsize=9)
        axis.set(xlabel=xlabel, yticks=[])
        axis.grid(False)
    if title:
        figure.suptitle(title)
    return figure
