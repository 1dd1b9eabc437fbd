"""Feature maps as blocks: height, width and channels of what each layer gives out."""

import math

import numpy as np
from matplotlib.patches import Polygon

from . import shapes
from .style import (
    BLUE,
    INK,
    MUTED,
    PALE,
    PALE_BLUE,
    PALE_ORANGE,
    SMALL,
    WIDEST,
    arrow,
    box,
    canvas,
    mix,
    times,
    write,
)  # fmt: skip

MAP = 1.35  # inches: the height of the largest feature map
DEPTH, DEEPEST = np.array([0.34, 0.26]), 0.55  # how a map's width runs to the back; inches


def feature_maps(model, title=None, operations=None, image=(28, 28)):
    """Draws what each layer gives out as a block of height, width and channels, to one scale.

    model: a tf.Module with Conv and Dense parts, a Keras model, or a list of shapes, such as
    [(28, 28, 1), (14, 14, 8), (10,)]. operations: what to write between them, one text less than
    there are shapes; of a model they are known. image: height and width of what a convolutional
    tf.Module is given. Returns the figure. Raises ValueError for shapes that cannot be drawn.
    """
    outputs, known = given(model, image)
    operations = known if operations is None else list(operations)
    if len(operations) != len(outputs) - 1:
        raise ValueError(
            f"found {len(operations)} operations and {len(outputs)} shapes, expected one operation "
            "between two shapes"
        )
    width = min(WIDEST, 0.6 + 1.75 * (len(outputs) - 1) + 1.0)
    top = 0.45 if title else 0.1
    figure, axes = canvas(width, top + MAP + 1.35, title)
    xs, middle = np.linspace(0.75, width - 0.75, len(outputs)), 0.85 + (MAP + 0.4) / 2
    widest = max((s[-1] for s in outputs if len(s) == 3), default=1)
    ends = [
        block(axes, x, middle, shape, outputs, widest) for x, shape in zip(xs, outputs, strict=True)
    ]
    for (_, right), (left, _) in zip(ends, ends[1:], strict=False):
        arrow(axes, (right + 0.08, middle), (left - 0.08, middle), MUTED)
    for x, shape in zip(xs, outputs, strict=True):
        write(axes, x, 0.72, times(shape), weight="bold")
    for x, text in zip((xs[:-1] + xs[1:]) / 2, operations, strict=True):
        write(axes, x, 0.55, text.replace(", ", "\n"), SMALL, MUTED, va="top")
    return figure


def given(model, image):
    """Returns (shapes, operations) of a model or of a list of shapes."""
    listed = isinstance(model, (list, tuple))
    if listed:
        outputs = [tuple(np.atleast_1d(shape).tolist()) for shape in model]
        operations = [""] * (len(outputs) - 1)
    else:
        first, layers = shapes.read(model, image)
        outputs = [first, *(layer.shape for layer in layers)]
        operations = [layer.operation for layer in layers]
    bad = [s for s in outputs if len(s) not in (1, 3) or min(s) < 1]
    if bad or not 2 <= len(outputs) <= 7:
        raise ValueError(
            f"found the shapes {outputs}, expected 2 to 7 of (height, width, channels) or (units,)"
        )
    return outputs, operations


def block(axes, x, middle, shape, outputs, widest):
    """Draws one block, its centre at (x, middle); returns its left and its right end.

    outputs: all shapes, the tallest of which sets the scale; widest: the most channels.
    """
    if len(shape) == 1:
        most = max(s[0] for s in outputs if len(s) == 1)
        tall = 0.35 + (MAP - 0.35) * math.log(1 + shape[0]) / math.log(1 + most)
        last = shape is outputs[-1]
        box(
            axes,
            x - 0.07,
            middle - tall / 2,
            0.14,
            tall,
            PALE_ORANGE if last else PALE_BLUE,
            INK,
            0.8,
        )
        return x - 0.07, x + 0.07
    scale = MAP / max(max(s[:2]) for s in outputs if len(s) == 3)
    tall, back = scale * shape[0], scale * shape[1] * DEPTH
    wide = 0.05 + DEEPEST * shape[2] / max(widest, 24)
    left, low = x - (wide + back[0]) / 2, middle - (tall + back[1]) / 2
    fill = PALE if shape is outputs[0] else PALE_BLUE
    corner = np.array([left, low])
    right, up = np.array([wide, 0]), np.array([0, tall])
    faces = (
        (corner, right, up, fill),
        (corner + up, right, back, mix(BLUE, 0.07) if fill == PALE_BLUE else "#FAFAFA"),
        (corner + right, back, up, mix(BLUE, 0.3) if fill == PALE_BLUE else "#E2E2E2"),
    )
    for start, one, other, colour in faces:
        points = [start, start + one, start + one + other, start + other]
        axes.add_patch(Polygon(points, fc=colour, ec=INK, lw=0.8, joinstyle="round"))
    return left, left + wide + back[0]
