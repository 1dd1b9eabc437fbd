"""Networks: their layers with shapes and parameters, and the same network with dropped units."""

import numpy as np
from matplotlib.collections import LineCollection

from . import shapes
from .blocks import MAP, block
from .style import (
    BLUE,
    DPI,
    HIGHEST,
    INK,
    LINE,
    MUTED,
    PALE,
    PALE_BLUE,
    PALE_ORANGE,
    RED,
    SMALL,
    WIDEST,
    canvas,
    circle,
    times,
    width_of,
    write,
)  # fmt: skip

MOST_UNITS, SLOTS = 10, 5  # up to 10 units are all drawn; of more, four and an ellipsis
TALL, RADIUS = 1.95, 0.08  # inches: a column, and a unit
MOST_LAYERS = 6
THREAD = "#D0D0D0"  # of a connection


def network(model, title=None, image=(28, 28)):
    """Draws the layers of a network, and below them the shapes and counts of their parameters.

    model: a list of sizes, such as [784, 128, 10]; a tf.Module with Dense and Conv parts; a Keras
    model. A layer of more than 10 units is drawn with an ellipsis, feature maps as blocks. image:
    height and width of what a convolutional tf.Module is given. Returns the figure. Raises
    ValueError for more than 6 layers with weights, and see shapes.read.
    """
    first, layers = shapes.read(model, image)
    if len(layers) > MOST_LAYERS:
        raise ValueError(
            f"found {len(layers)} layers, expected at most {MOST_LAYERS}: draw a part of them"
        )
    outputs = [first, *(layer.shape for layer in layers)]
    flat = all(len(shape) == 1 for shape in outputs)
    rows = table(layers)
    top = TALL + 2 * RADIUS if flat else MAP + 0.45
    foot = 0.1 + 0.23 * len(rows)
    height = foot + 0.35 + top + (0.35 if flat else 0.1) + (0.4 if title else 0.05)
    width = min(WIDEST, 2.6 + (1.25 if flat else 1.75) * len(layers))
    figure, axes = canvas(width, min(height, HIGHEST), title)
    left = max(0.3 + max(width_of(axes, row, SMALL) for row, _ in rows), 0.9)
    gap = np.floor((width - left - 1.55) / len(layers) * DPI) / DPI  # whole pixels, for small files
    xs = np.round((left + 0.3) * DPI) / DPI + gap * np.arange(len(outputs))
    middle = foot + 0.35 + top / 2
    if flat:
        columns(axes, xs, middle, [shape[0] for shape in outputs])
        for x, name in zip(xs, names(len(outputs)), strict=True):
            write(axes, x, middle + top / 2 + 0.15, name, SMALL, MUTED)
    else:
        widest = max(shape[-1] for shape in outputs if len(shape) == 3)
        for x, shape in zip(xs, outputs, strict=True):
            block(axes, x, middle, shape, outputs, widest)
    for x, shape in zip(xs, outputs, strict=True):
        write(axes, x, foot + 0.17, times(shape), weight="bold")
    lines(axes, xs, foot - 0.12, rows, layers)
    return figure


def names(count):
    """Returns what the layers are called, from the input to the output."""
    hidden = ["hidden"] if count == 3 else [f"hidden {i}" for i in range(1, count - 1)]
    return ["input", *hidden, "output"]


def table(layers):
    """Returns [(heading, one text for each layer), ...]: the shapes of the parameters."""
    found = list(dict.fromkeys(s for layer in layers for s in layer.parameters))
    weights = [s for s in found if any(len(p.parameters.get(s, ())) > 1 for p in layers)]
    rows = [(", ".join(weights), [first_of(layer, weights) for layer in layers])]
    for symbol in (s for s in found if s not in weights):
        cells = [times(layer.parameters.get(symbol, ())) or "none" for layer in layers]
        rows.append((symbol, cells))
    if ("γ" in found) and ("β" in found):  # one row for both, which have the same shapes
        gamma = next(cells for symbol, cells in rows if symbol == "γ")
        rows = [row for row in rows if row[0] not in ("γ", "β")]
        rows.append(("γ, β", [c if c == "none" else f"{c} each" for c in gamma]))
    return [*rows, ("parameters", [f"{layer.size:,}" for layer in layers])]


def first_of(layer, symbols):
    """Returns the shape of the first of these parameters that the layer has, as a text."""
    return next(times(layer.parameters[s]) for s in symbols if s in layer.parameters)


def lines(axes, xs, top, rows, layers):
    """Writes the table below the gaps between the layers, and the sum of its last row."""
    gaps = (xs[:-1] + xs[1:]) / 2
    for i, (heading, cells) in enumerate(rows):
        y, last = top - 0.23 * i, i == len(rows) - 1
        colour = INK if last else MUTED
        write(axes, 0.1, y, heading, SMALL, colour, ha="left")
        for x, cell in zip(gaps, cells, strict=True):
            write(axes, x, y, cell, SMALL, colour)
    axes.plot([0.1, xs[-1] + 0.85], [y + 0.115] * 2, color=LINE, lw=0.6)
    for x in xs[1:-1]:
        write(axes, x, y, "+", SMALL)
    total = f"{sum(layer.size for layer in layers):,}"
    write(axes, xs[-1], y, "=", SMALL)
    write(axes, xs[-1] + 0.2, y, total, SMALL, ha="left", weight="bold")


def heights(units, middle, tall=TALL, most=MOST_UNITS):
    """Returns the heights of the circles of a column; None stands where the ellipsis is."""
    drawn = units if units <= most else SLOTS
    step = min(tall / max(drawn - 1, 1), 0.525)
    ys = [middle + step * ((drawn - 1) / 2 - i) for i in range(drawn)]
    if units > most:
        ys[SLOTS // 2] = None
    return ys


def columns(axes, xs, middle, units):
    """Draws one column of circles for each layer, and the connections between neighbours."""
    ys = [heights(n, middle) for n in units]
    fills = [PALE, *[PALE_BLUE] * (len(units) - 2), PALE_ORANGE]
    for i, (x, column) in enumerate(zip(xs, ys, strict=True)):
        for y in column:
            if y is not None:
                circle(axes, x, y, RADIUS, fills[i])
        if None in column:
            for offset in (-0.08, 0, 0.08):
                circle(axes, x, middle + offset, 0.014, INK)
    for i in range(len(units) - 1):
        connect(axes, xs[i], xs[i + 1], ys[i], ys[i + 1], 0.5)


def connect(axes, left, right, starts, ends, width):
    """Draws the connections between two columns of units; a unit that is None has none."""
    pairs = [((left, a), (right, b)) for a in starts for b in ends if None not in (a, b)]
    axes.add_collection(LineCollection(pairs, colors=THREAD, linewidths=width, zorder=1))


def dropped(layers, title=None):
    """Draws a network with all its units, and beside it the same with dropped units struck out.

    layers: for each layer either the number of its units, all kept, or its mask, [units], True or
    1 where a unit is kept: dropped([6, mask1, mask2, 3]). At most 6 units in a layer and 4
    layers; of a larger one, give a part of the mask. Returns the figure. Raises ValueError for a
    mask that is not of zeros and ones.
    """
    masks = [mask_of(layer, i) for i, layer in enumerate(layers)]
    if not 2 <= len(masks) <= 4:
        raise ValueError(f"found {len(masks)} layers, expected 2 to 4: draw a part of them")
    step, radius = 0.325, 0.11
    tall = step * max(len(mask) for mask in masks)
    height = 0.65 + tall + (0.4 if title else 0.05)
    figure, axes = canvas(7.4, height, title)
    gone = sum(int((~mask).sum()) for mask in masks)
    able = sum(
        len(mask)
        for mask, layer in zip(masks, layers, strict=True)
        if not isinstance(layer, (int, np.integer))
    )
    for left, thinned in ((0.5, False), (4.2, True)):
        xs, middle = np.linspace(left, left + 2.7, len(masks)), 0.52 + tall / 2
        ys = [heights(len(mask), middle, step * (len(mask) - 1)) for mask in masks]
        kept = [
            [y if on or not thinned else None for y, on in zip(column, mask, strict=True)]
            for column, mask in zip(ys, masks, strict=True)
        ]
        for i in range(len(masks) - 1):
            connect(axes, xs[i], xs[i + 1], kept[i], kept[i + 1], 0.5)
        for i, x in enumerate(xs):
            fill = PALE if i == 0 else PALE_ORANGE if i == len(xs) - 1 else PALE_BLUE
            for y, on in zip(ys[i], kept[i], strict=True):
                circle(axes, x, y, radius, "white" if on is None else fill,
                       LINE if on is None else INK)  # fmt: skip
                if on is None:
                    strike(axes, x, y, 0.75 * radius)
        says = (
            f"one training step: {gone} of {able} units dropped"
            if thinned
            else "inference: every unit"
        )
        write(axes, (xs[0] + xs[-1]) / 2, 0.2, says, colour=RED if thinned else BLUE)
    return figure


def strike(axes, x, y, arm):
    """Strikes out a unit."""
    for sign in (1, -1):
        axes.plot([x - arm, x + arm], [y - sign * arm, y + sign * arm], color=RED, lw=1.6,
                  zorder=4, gid="dropped" if sign == 1 else None)  # fmt: skip


def mask_of(layer, place):
    """Returns the mask, bool [units], of a layer of dropped()."""
    if isinstance(layer, (int, np.integer)) and not isinstance(layer, bool):
        mask = np.ones(max(int(layer), 0), dtype=bool)
    else:
        mask = np.asarray(layer)
        if mask.ndim != 1 or not np.isin(mask, (0, 1)).all():
            raise ValueError(
                f"layer {place}: expected a number of units or a mask [units] of zeros and ones, "
                f"found shape {list(mask.shape)}: of an activation, give activation != 0"
            )
    if not 1 <= len(mask) <= 6:
        raise ValueError(
            f"layer {place}: found {len(mask)} units, expected 1 to 6: give a part, mask[:6]"
        )
    return mask.astype(bool)
