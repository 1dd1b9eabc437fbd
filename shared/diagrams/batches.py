"""The matrix of a mini-batch, and along which axis a normalisation takes its means."""

import numpy as np

from .style import (
    BLUE,
    HIGHEST,
    INK,
    MUTED,
    SMALL,
    WIDEST,
    aligned,
    arrow,
    box,
    canvas,
    matrix,
    signed,
    write,
)  # fmt: skip

WIDE, TALL = 0.55, 0.3  # inches: a cell
ROWS, COLUMNS = 6, 6  # drawn of a larger matrix, with an ellipsis before the last


def batch_matrix(values, axis=0, title=None):
    """Draws a mini-batch as a matrix with the mean and standard deviation along one axis.

    values: [images, units], of which at most 6 rows and 6 columns are drawn, and means over all
    of them; axis: 0, the mean over the images, one for each unit, as in batch normalisation, 1,
    the mean over the units, one for each image, as in layer normalisation, or (0, 1), both side by
    side. Returns the figure. Raises ValueError for another axis.
    """
    values = matrix(values, "values")
    wanted = axis if isinstance(axis, tuple) else (axis,)
    if wanted not in ((0,), (1,), (0, 1)):
        raise ValueError(
            f"axis: found {axis!r}, expected 0 (mean over the images), 1 (over the units) or (0, 1)"
        )
    both = len(wanted) == 2
    rows, columns = (
        chosen(n, most)
        for n, most in zip(values.shape, (ROWS, 4 if both else COLUMNS), strict=True)
    )
    panel = 1.0 + WIDE * len(columns) + 1.3
    head = 1.0 + (0.4 if title else 0.05)
    width = max(panel * len(wanted), 5.0)
    height = head + TALL * len(rows) + (0.75 if 0 in wanted else 0.15)
    figure, axes = canvas(min(width, WIDEST), min(height, HIGHEST), title)
    for i, one in enumerate(wanted):
        left = 1.0 + i * panel
        top = height - head
        draw(axes, left, top, values, rows, columns, one)
    return figure


def chosen(count, most):
    """Returns the indices to draw; None stands for those that are left out."""
    if count <= most:
        return list(range(count))
    return [*range(most - 2), None, count - 1]


def draw(axes, left, top, values, rows, columns, axis):
    """Draws one matrix, its upper left corner at (left, top), with what one axis gives."""
    limit, text_of = np.abs(values).max(), aligned(values)
    right, low = left + WIDE * len(columns), top - TALL * len(rows)
    for i, r in enumerate(rows):
        y = top - TALL * (i + 0.5)
        write(axes, left - 0.1, y, "⋮" if r is None else f"image {r + 1}", SMALL, MUTED, ha="right")
        for j, c in enumerate(columns):
            x = left + WIDE * j
            if r is None or c is None:
                dots = "⋱" if r is None and c is None else "⋮" if r is None else "⋯"
                write(axes, x + WIDE / 2, y, dots, SMALL, MUTED)
                continue
            box(axes, x, y - TALL / 2, WIDE, TALL, signed(values[r, c], limit))
            write(axes, x + WIDE / 2, y, text_of(values[r, c]), SMALL)
    for j, c in enumerate(columns):
        text = "⋯" if c is None else f"unit {c + 1}"
        write(axes, left + WIDE * (j + 0.5), top + 0.15, text, SMALL, MUTED)

    mean, std = values.mean(axis=axis), values.std(axis=axis)
    kept, text_of_mean = columns if axis == 0 else rows, aligned([mean, std])
    for k, (name, statistic) in enumerate((("mean", mean), ("std", std))):
        if axis == 0:
            y = low - 0.25 - TALL * k
            write(axes, left - 0.1, y, name, SMALL, BLUE, ha="right", weight="bold")
            spots = [(left + WIDE * (j + 0.5), y) for j in range(len(columns))]
        else:
            x = right + 0.45 + (WIDE + 0.03) * k
            write(axes, x, top + 0.15, name, SMALL, BLUE, weight="bold")
            spots = [(x, top - TALL * (i + 0.5)) for i in range(len(rows))]
        for spot, index in zip(spots, kept, strict=True):
            dots = "⋯" if axis == 0 else "⋮"
            text = dots if index is None else text_of_mean(statistic[index])
            write(axes, *spot, text, SMALL, BLUE if index is not None else MUTED)
    n = values.shape[axis]
    if axis == 0:
        says = f"Batch normalisation: mean over the {n} images,\none for each unit"
        frame = box(axes, left, low, WIDE, TALL * len(rows), "none", BLUE, 2.2, 4)
        ends = ((left + WIDE / 2, low), (left + WIDE / 2, low - 0.14))
    else:
        says = f"Layer normalisation: mean over the {n} units,\none for each image"
        frame = box(axes, left, top - TALL, WIDE * len(columns), TALL, "none", BLUE, 2.2, 4)
        ends = ((right, top - TALL / 2), (right + 0.14, top - TALL / 2))
    frame.set_gid(f"axis {axis}")
    arrow(axes, *ends, BLUE)
    write(axes, left - 0.85, top + 0.6, says, colour=INK, ha="left")
