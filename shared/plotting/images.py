"""Pictures in a grid: images, weights, mistakes, and images with their probabilities."""

import numpy as np
from matplotlib import ticker

from shared import checks
from shared.plotting import checked
from shared.plotting.style import (
    GREEN,
    GREY,
    ORANGE,
    SMALL,
    ink,
    panels,
    percent,
)

MOST = 400  # images in a figure
LINE = 0.165  # inches: a line of text of 9 points


def _grid(n, columns, lines, title, aspect=1.0, beside=0.0):
    """Returns (figure, n axes) in a grid without gaps; each has lines of text above it.

    aspect: height of a picture over its width; beside: inches kept free on the right.
    """
    columns = min(checks.whole(columns, "columns", 1), n)
    checked.few(n, MOST, "images")
    rows = -(-n // columns)
    top = 0.4 if title else 0.05
    gap, text = 0.05, lines * LINE + (0.05 if lines else 0)
    cell = (9.0 - beside) / columns
    fitting = ((4.44 - top) / rows - text) / aspect  # the whole at most 4.5 inches high
    cell = min(cell, max(fitting, 0.6), 2.0)
    width = max(columns * cell + beside, min(9.0, 0.09 * len(title or "")))
    height = top + rows * (cell * aspect + text) + 0.06
    figure, _ = panels(width=width, height=height, layout=None)
    figure.clear()
    axes = []
    for k in range(n):
        row, column = divmod(k, columns)
        bottom = height - top - (row + 1) * (cell * aspect + text)
        box = column * cell + gap / 2, bottom + gap / 2, cell - gap, cell * aspect - gap
        axes.append(figure.add_axes(np.array(box) / [width, height, width, height]))
    if title:
        figure.suptitle(title, x=0.02 / width, y=1 - 0.08 / height, ha="left", va="top")
    return figure, axes


def digits(images, titles=None, columns=10, title=None):
    """Draws images [n, height, width] in a grid, ink dark, each with its title; returns the figure.

    titles: one for each image. Raises TypeError or ValueError for other shapes.
    """
    images = checked.images(images)
    texts = _titles(titles, len(images))
    lines = max((text.count("\n") + 1 for text in texts), default=0)
    figure, axes = _grid(len(images), columns, lines, title)
    for axis, image in zip(axes, images, strict=True):
        axis.axis("off")
        axis.imshow(image, interpolation="nearest")
    for axis, text in zip(axes, texts, strict=False):
        axis.set_title(text, fontsize=SMALL, loc="center", pad=2)
    return figure


def _titles(titles, n):
    if titles is None:
        return []
    texts = [str(text) for text in checked.several(titles, "titles", "image")]
    if len(texts) != n:
        raise ValueError(f"titles: expected one for each of {n} images, found {len(texts)}")
    return texts


def weights(images, titles=None, columns=10, title=None, percentile=99.0):
    """Draws weights [n, height, width] as pictures, red positive and blue negative.

    All share one colour scale with white at zero, so that they can be compared. It ends at this
    percentile of the weights' sizes, so that one pixel does not pale all others; the colour bar
    says so. Returns the figure. Raises ValueError if a weight is not finite.
    """
    images = checked.images(images, "weights").astype(float)
    if not np.isfinite(images).all():
        raise ValueError("weights: some are not finite; has the training diverged?")
    percentile = checks.number(percentile, "percentile", 0, 100)
    texts = _titles(titles, len(images))
    lines = max((text.count("\n") + 1 for text in texts), default=0)
    height, width = images.shape[1:]
    figure, axes = _grid(len(images), columns, lines, title, height / width, beside=1.15)
    limit = float(np.percentile(np.abs(images), percentile)) or float(np.abs(images).max()) or 1.0
    for axis, image in zip(axes, images, strict=True):
        axis.axis("off")
        drawn = axis.imshow(image, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")
    for axis, text in zip(axes, texts, strict=False):
        axis.set_title(text, fontsize=SMALL, loc="center", pad=2)
    low, high = images.min(), images.max()
    ends = ("min" if low < -limit else "") + ("max" if high > limit else "")
    extend = {"": "neither", "minmax": "both"}.get(ends, ends)
    bottom, top = axes[-1].get_position().y0, axes[0].get_position().y1
    left = max(axis.get_position().x1 for axis in axes) + 0.1 / figure.get_figwidth()
    bar = figure.colorbar(
        drawn, cax=figure.add_axes([left, bottom, 0.13 / figure.get_figwidth(), top - bottom]),
        extend=extend,
    )  # fmt: skip
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=SMALL)
    bar.ax.yaxis.set_major_locator(ticker.MaxNLocator(5, steps=[1, 2, 5, 10]))
    label = f"weight\n{low:.2g} to {high:.2g}\n(clipped)" if ends else "weight"
    bar.set_label(label, fontsize=SMALL)
    return figure


def rows(pictures, title=None, signed=(), columns=None):
    """Draws named rows of pictures, such as filters above what they respond to; returns the figure.

    pictures: {name: images [n, height, width]}, as many in each row; sizes and scales may differ
    from row to row. signed: the names of rows of weights, drawn red and blue about a white zero,
    each on the scale of its own largest weight. columns: titles of the columns.
    """
    if not isinstance(pictures, dict) or not pictures:
        raise TypeError(f"pictures: expected {{name: images}}, found {checks.kind(pictures)}")
    pictures = {name: checked.images(row, f"{name!r}") for name, row in pictures.items()}
    checked.same_length(**{str(name): row for name, row in pictures.items()})
    signed = [signed] if isinstance(signed, str) else checked.several(signed, "signed", "row")
    if not set(signed) <= set(pictures):
        raise ValueError(f"signed: expected names among {list(pictures)}, found {signed}")
    n = len(next(iter(pictures.values())))
    checked.few(n * len(pictures), MOST, "images")
    texts = _titles(columns, n)
    lines = [part for name in pictures for part in str(name).split("\n")]
    left = 0.085 * max(map(len, lines)) + 0.1  # inches, for the names
    above = (0.4 if title else 0.05) + (0.25 if texts else 0)
    cell = min((9.0 - left) / n, max((4.5 - above) / len(pictures), 0.4), 1.4)
    width, height = left + n * cell, above + len(pictures) * cell
    figure, axes = panels(len(pictures), n, max(width, 3.0), height, layout=None, squeeze=False)
    for i, (line, (name, row)) in enumerate(zip(axes, pictures.items(), strict=True)):
        for k, (axis, image) in enumerate(zip(line, row, strict=True)):
            limit = float(np.abs(image).max()) or 1.0
            scale = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit} if name in signed else {}
            axis.imshow(image, interpolation="nearest", **scale)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
            box = left + k * cell, height - above - (i + 1) * cell, 0.94 * cell, 0.94 * cell
            axis.set_position(np.array(box) / (2 * [figure.get_figwidth(), height]))
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=SMALL)
    for axis, text in zip(axes[0], texts, strict=False):
        axis.set_title(text, fontsize=SMALL, loc="center", pad=2)
    if title:
        figure.suptitle(title, x=0.02 / width, y=1 - 0.08 / height, ha="left", va="top")
    return figure


def mistakes(split, probabilities, most=20, classes=None):
    """Draws the mistakes with the highest predicted probability; returns the figure.

    split: a Split, or any (images [n, height, width], labels int [n]); probabilities:
    [n, classes], rows that add up to 1; most: how many to draw; classes: names of the classes.
    Raises ValueError for logits and for numbers of images and probabilities that differ.
    """
    images, labels = checked.pair(split)
    probabilities = checked.probabilities(probabilities)
    checked.same_length(images=images, probabilities=probabilities)
    count, names = checked.class_names(probabilities.shape[1] if classes is None else classes)
    if count != probabilities.shape[1]:
        raise ValueError(f"{count} names of classes for {probabilities.shape[1]} probabilities")
    labels = checked.classes_of(labels, "labels", count)
    most = checks.whole(most, "most", 1)
    predictions, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(predictions != labels)
    if not len(wrong):
        figure, axis = panels(height=1.0)
        axis.axis("off")
        axis.text(
            0,
            0.5,
            f"No mistakes: all {len(labels):,} are classified correctly",
            fontsize=12,
            va="center",
        )
        return figure
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    titles = [
        f"label {names[labels[i]]}\npredicted {names[predictions[i]]}\n{percent(confidence[i])}"
        for i in worst
    ]
    title = f"The most confident of {len(wrong):,} mistakes in {len(labels):,} images"
    if len(worst) == len(wrong):
        title = f"All {len(wrong):,} mistakes in {len(labels):,} images, the most confident first"
    longest = max(len(name) for name in names)
    return digits(images[worst], titles, 10 if longest <= 2 else 5, title)


def probabilities(images, probabilities, labels=None, classes=None, columns=5, title=None):
    """Draws images, each above bars of its predicted probabilities; returns the figure.

    images: [n, height, width]; probabilities: [n, classes], rows that add up to 1; labels: int
    [n], whose bars are marked and green, a wrong prediction is orange; classes: their names.
    """
    images = checked.images(images)
    shares = checked.probabilities(probabilities)
    checked.same_length(images=images, probabilities=shares)
    count, names = checked.class_names(shares.shape[1] if classes is None else classes)
    if count != shares.shape[1]:
        raise ValueError(f"{count} names of classes for {shares.shape[1]} probabilities")
    if labels is not None:
        labels = checked.classes_of(labels, "labels", count)
        checked.same_length(images=images, labels=labels)
    columns = min(checks.whole(columns, "columns", 1), len(images))
    checked.few(len(images), MOST // 4, "images")
    rows = -(-len(images) // columns)
    figure, cells = panels(
        2 * rows, columns, width=max(1.8 * columns, 3.6), height=min(2.15 * rows, 4.5) + 0.3,
        squeeze=False, height_ratios=[1.2, 1.0] * rows,
    )  # fmt: skip
    longest = max(len(name) for name in names)
    for k, (above, below) in enumerate(zip(cells[::2].ravel(), cells[1::2].ravel(), strict=True)):
        above.axis("off")
        if k >= len(images):
            below.axis("off")
            continue
        above.imshow(images[k], interpolation="nearest")
        predicted, colours = shares[k].argmax(), [GREY] * count
        colours[predicted] = GREY if labels is None else ORANGE
        if labels is not None:
            colours[labels[k]] = GREEN
            above.set_title(f"label {names[labels[k]]}", fontsize=SMALL, loc="center", pad=2)
        below.bar(range(count), shares[k], color=colours, width=0.8)
        written = below.annotate(
            percent(shares[k, predicted], 1), (predicted, shares[k, predicted]), (0, 1),
            textcoords="offset points", ha="center", va="bottom", fontsize=SMALL,
            color=ink(colours[predicted]),
        )  # fmt: skip
        written.set_in_layout(False)
        below.set(ylim=(0, 1.25), yticks=[], xlim=(-1.2, count + 0.2))
        below.set_xticks(
            range(count),
            names if count <= 20 else [""] * count,
            fontsize=SMALL,
            rotation=90 if longest > 2 else 0,
        )
        below.tick_params(length=0, pad=1)
        below.spines["left"].set_visible(False)
        below.grid(False)
        if labels is not None:
            mark = below.get_xticklabels()[labels[k]]
            mark.set(fontweight="bold", color=ink(GREEN))
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure
