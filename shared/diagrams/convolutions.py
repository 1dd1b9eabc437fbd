"""A kernel that slides over an image, and max-pooling, with the numbers that they compute."""

import numpy as np

from .style import (
    BLUE,
    HIGHEST,
    INK,
    LINE,
    MUTED,
    PALE,
    RED,
    SMALL,
    WIDEST,
    box,
    canvas,
    ink,
    matrix,
    short,
    signed,
    times,
    width_of,
    write,
)  # fmt: skip

LARGEST, SMALLEST = 0.5, 0.27  # inches: the side of a cell
MARKS = ((BLUE, "-"), (RED, "--"))  # one for each position


def kernel(image, kernel, position=(0, 0), padding=0, stride=1, title=None):
    """Draws a kernel at work: the patch of the image, the kernel, and the feature map.

    image: [height, width]; kernel: [height, width]; position: (row, column) of the feature map, or
    a list of two of them, whose patch is outlined and whose sum is written out; padding: how many
    rows and columns of zeros surround the image; stride: how far the kernel moves. What is computed
    is the cross-correlation that deep learning calls convolution. Returns the figure. Raises
    ValueError where the kernel does not fit, the position is outside or the numbers are too many.
    """
    image, weights = matrix(image, "image"), matrix(kernel, "kernel")
    whole("padding", padding, 0)
    whole("stride", stride, 1)
    padded = np.pad(image, padding)
    if weights.shape[0] > padded.shape[0] or weights.shape[1] > padded.shape[1]:
        raise ValueError(
            f"found a kernel of {times(weights.shape)} and, with its padding, an image of "
            f"{times(padded.shape)}: the kernel has to fit into the image"
        )
    patches = np.lib.stride_tricks.sliding_window_view(padded, weights.shape)[::stride, ::stride]
    maps = np.round((patches * weights).sum(axis=(2, 3)), 9)  # 0, not 1e-17, where they cancel
    positions = places(position, maps.shape)

    grids = (padded, weights, maps)
    names = (
        f"image {times(image.shape)}" + (f", padding {padding}" if padding else ""),
        f"kernel {times(weights.shape)}",
        f"feature map {times(maps.shape)}" + (f", stride {stride}" if stride > 1 else ""),
    )
    figure, axes, side, lefts, middle = sheet(grids, names, title, 0.27 * len(positions) + 0.2)
    for sign, left, right in (("∗", 0, 1), ("=", 1, 2)):
        x = (lefts[left] + grids[left].shape[1] * side + lefts[right]) / 2
        write(axes, x, middle, sign, 16)
    most = [np.abs(grid).max() for grid in grids]
    inside = np.zeros(padded.shape, bool)
    inside[padding : padding + image.shape[0], padding : padding + image.shape[1]] = True
    negative = image.min() < 0

    def pixel(r, c):
        if not inside[r, c]:
            return "white", MUTED
        fill = signed(padded[r, c], most[0]) if negative else ink(padded[r, c], most[0])
        return fill, INK

    grid_at(axes, lefts[0], middle, side, padded, pixel)
    grid_at(
        axes, lefts[1], middle, side, weights, lambda r, c: (signed(weights[r, c], most[1]), INK)
    )
    grid_at(axes, lefts[2], middle, side, maps, lambda r, c: (signed(maps[r, c], most[2]), INK))
    for i, (r, c) in enumerate(positions):
        colour, style = MARKS[i]
        outline(axes, lefts[0], middle, side, padded.shape, r * stride, c * stride, weights.shape,
                colour, style, "patch")  # fmt: skip
        outline(axes, lefts[2], middle, side, maps.shape, r, c, (1, 1), colour, style, "result")
        sum_of = written(axes, patches[r, c], weights, maps[r, c], figure.get_figwidth() - 0.3)
        write(axes, 0.15, 0.27 * (len(positions) - i) - 0.1, sum_of, TEXT_OF_SUM, colour, ha="left")
    return figure


TEXT_OF_SUM = 10


def written(axes, patch, weights, total, room):
    """Returns the sum as a text, products with a zero left out, as far as it fits the room."""
    pairs = [(p, w) for p, w in zip(patch.flat, weights.flat, strict=True) if p and w]
    products = [f"{short(p)}·({short(w)})" if w < 0 else f"{short(p)}·{short(w)}" for p, w in pairs]
    left_out = " (products with 0 left out)" if 0 < len(pairs) < weights.size else ""
    text = f"sum of the products: {' + '.join(products) or '0'} = {short(total)}{left_out}"
    if width_of(axes, text, TEXT_OF_SUM) > room:
        text = f"sum of {weights.size} products over the patch = {short(total)}"
    return text


def places(position, shape):
    """Returns the positions, one or two, as a list of (row, column) within the feature map."""
    try:
        array = np.asarray(position)
        given = np.atleast_2d(array)
    except ValueError:
        given = array = np.zeros((0, 0))
    if given.shape[1:] != (2,) or not 1 <= len(given) <= len(MARKS) or array.dtype.kind not in "iu":
        raise ValueError(
            f"position: found {position}, expected (row, column) of the feature map, or two of them"
        )
    if (given < 0).any() or (given >= shape).any():
        raise ValueError(
            f"position: found {position}, expected rows 0 to {shape[0] - 1} and columns 0 to "
            f"{shape[1] - 1} of the feature map"
        )
    return [tuple(map(int, place)) for place in given]


def whole(name, value, least):
    """Raises ValueError if value is not a whole number from least on."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name}: found {value!r}, expected a whole number from {least} on")


def pooling(maps, size=2, title=None):
    """Draws max-pooling: the feature map in squares, the largest entry of each marked, the result.

    maps: one feature map, [height, width]; size: side of the squares, which also is the stride.
    Rows and columns that fill no square are left out, as in TensorFlow ("VALID"), and drawn without
    a fill. Returns the figure.
    """
    maps = matrix(maps, "feature map")
    whole("size", size, 1)
    rows, columns = maps.shape[0] // size, maps.shape[1] // size
    if not rows or not columns:
        raise ValueError(
            f"found a feature map of {times(maps.shape)}, expected at least "
            f"{size} × {size}, one square"
        )
    squares = maps[: rows * size, : columns * size].reshape(rows, size, columns, size)
    squares = squares.transpose(0, 2, 1, 3).reshape(rows, columns, size * size)
    pooled, chosen = squares.max(axis=2), squares.argmax(axis=2)

    names = (
        f"feature map {times(maps.shape)}, squares {size} × {size}",
        f"after max pooling: {times(pooled.shape)}",
    )
    figure, axes, side, lefts, middle = sheet((maps, pooled), names, title, 0.1)
    x = (lefts[0] + maps.shape[1] * side + lefts[1]) / 2
    write(axes, x, middle, "→", 16)

    def tint(row, column):
        return "#F4F4F4" if (row + column) % 2 else "#E2E2E2"

    def cell(r, c):
        row, column = r // size, c // size
        if row >= rows or column >= columns:
            return "white", MUTED
        best = (r % size) * size + c % size == chosen[row, column]
        return tint(row, column), INK if best else MUTED

    grid_at(axes, lefts[0], middle, side, maps, cell)
    grid_at(axes, lefts[1], middle, side, pooled, lambda r, c: (tint(r, c), INK))
    for row, column in np.ndindex(rows, columns):
        outline(axes, lefts[0], middle, side, maps.shape, row * size, column * size, (size, size),
                INK, "-", "field", 1.0)  # fmt: skip
        r, c = divmod(int(chosen[row, column]), size)
        outline(axes, lefts[0], middle, side, maps.shape, row * size + r, column * size + c, (1, 1),
                RED, "-", "chosen", 2.0)  # fmt: skip
    return figure


def sheet(grids, names, title, foot):
    """Returns (figure, axes, side of a cell, left ends, middle height) for grids side by side.

    Raises ValueError if the numbers do not fit into their cells.
    """
    figure, axes = canvas(WIDEST, HIGHEST)
    gap, across = 0.65, sum(grid.shape[1] for grid in grids)
    tall, head = max(grid.shape[0] for grid in grids), 0.35 + (0.4 if title else 0.05)
    side = min(
        LARGEST,
        (WIDEST - 0.3 - gap * (len(grids) - 1)) / across,
        (HIGHEST - head - foot) / tall,
    )
    numbers = {short(v) for grid in grids for v in grid.flat} if side >= SMALLEST else ()
    if side < max((width_of(axes, n, SMALL) + 0.05 for n in numbers), default=LARGEST):
        raise ValueError(
            f"found {' and '.join(times(grid.shape) for grid in grids)} cells, too many for the "
            f"numbers in them, in a figure of {WIDEST:g} x {HIGHEST:g} inches: take a smaller part "
            "of the image, or round the numbers"
        )
    captions = [width_of(axes, name) for name in names]
    widths = [
        max(grid.shape[1] * side, caption) for grid, caption in zip(grids, captions, strict=True)
    ]
    figure, axes = canvas(
        max(0.3 + sum(widths) + gap * (len(grids) - 1), 4.0), head + tall * side + foot, title
    )
    lefts, middle, x = [], foot + tall * side / 2, 0.15
    for grid, name, width in zip(grids, names, widths, strict=True):
        lefts.append(x + (width - grid.shape[1] * side) / 2)
        write(axes, x + width / 2, middle + grid.shape[0] * side / 2 + 0.17, name)
        x += width + gap
    return figure, axes, side, lefts, middle


def grid_at(axes, left, middle, side, values, style):
    """Draws a grid of numbers; style(row, column): (fill, colour of the number)."""
    top = middle + values.shape[0] * side / 2
    for (r, c), value in np.ndenumerate(values):
        fill, colour = style(r, c)
        x, y = left + c * side, top - (r + 1) * side
        box(axes, x, y, side, side, fill, LINE if fill != "white" else PALE)
        write(axes, x + side / 2, y + side / 2, short(value), SMALL, colour)


def outline(axes, left, middle, side, shape, row, column, size, colour, style, kind, line=2.2):
    """Outlines a part of a grid, size its (rows, columns); kind: its gid, what it marks."""
    y = middle + shape[0] * side / 2 - (row + size[0]) * side
    patch = box(
        axes, left + column * side, y, size[1] * side, size[0] * side, "none", colour, line, 4
    )
    patch.set_linestyle(style)
    patch.set_gid(f"{kind} {row} {column}")
