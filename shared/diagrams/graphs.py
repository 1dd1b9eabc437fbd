"""A computation graph: values forward, gradients backward."""

from typing import NamedTuple

import numpy as np
from matplotlib.patches import FancyBboxPatch

from .style import (
    BLUE,
    HIGHEST,
    INK,
    LINE,
    MUTED,
    PALE,
    RED,
    SMALL,
    TEXT,
    WIDEST,
    arrow,
    canvas,
    short,
    width_of,
    write,
)  # fmt: skip

LINE_HEIGHT, GAP, RISE, SPACE = 0.19, 0.46, 0.42, 0.15  # inches


class Node(NamedTuple):
    """One quantity of a computation.

    name: "z1"; operation: what computes it, "x W1 + b1", or "" for what is given; inputs: the
    names of the nodes that it is computed from; value and gradient: numbers or arrays, or None.
    """

    name: str
    operation: str = ""
    inputs: tuple = ()
    value: object = None
    gradient: object = None


def computation_graph(nodes, title=None):
    """Draws a computation from left to right, each node with its value and its gradient.

    nodes: a list of Node, each after those that it is computed from; the last is the loss. A
    number and up to three numbers are written; of a larger array its shape, and the norms of the
    value and of the gradient. Blue arrows: values, forward; red: gradients, backward, where the
    node has one. Returns the figure. Raises ValueError for unknown inputs, another order, a
    gradient whose shape is not that of the value, and a graph too large for a page.
    """
    check(nodes)
    below = owners(nodes)
    _, axes = canvas(WIDEST, HIGHEST)
    texts = {node.name: texts_of(node) for node in nodes}
    wide = {
        name: max(width_of(axes, text, size, weight) for text, size, _, weight in lines) + 0.2
        for name, lines in texts.items()
    }
    tall = {name: len(lines) * LINE_HEIGHT + 0.12 for name, lines in texts.items()}
    xs, ys, width, height = places(nodes, below, wide, tall)
    head, foot = (0.45 if title else 0.1), 0.42
    height += head + foot
    if width > WIDEST or height > HIGHEST:
        raise ValueError(
            f"the graph needs {width:.1f} x {height:.1f} inches, expected at most {WIDEST:g} x "
            f"{HIGHEST:g}: draw fewer nodes or write shorter operations"
        )
    figure, axes = canvas(max(width, 4.4), height, title)
    boxes = {n: (xs[n], height - head - ys[n], wide[n], tall[n]) for n in texts}
    for node in nodes:
        draw(axes, boxes[node.name], texts[node.name], not node.inputs)
    gradients = {node.name for node in nodes if node.gradient is not None}
    for node in nodes:
        beside = sorted((n for n in node.inputs if below.get(n) != node.name), key=ys.get)
        for i, name in enumerate(beside):
            at = 0.5 - (i + 0.5) / len(beside)  # where it meets the box, from its middle
            edge(axes, *across(boxes[name], boxes[node.name], at), name in gradients)
        for name in node.inputs:
            if name not in beside:
                edge(axes, *upward(boxes[name], boxes[node.name]), name in gradients)
    legend(axes, 0.15, 0.16, bool(gradients))
    return figure


def owners(nodes):
    """Returns {name: below which node it stands} for what is given, such as weights.

    The first input of a node all of whose inputs are given stands to its left instead.
    """
    given, below = {node.name for node in nodes if not node.inputs}, {}
    left = set()
    for node in nodes:
        if node.inputs and given.issuperset(node.inputs) and node.inputs[0] not in below:
            left.add(node.inputs[0])
        for name in node.inputs:
            if name in given and name not in left:
                below.setdefault(name, node.name)
    return below


def places(nodes, below, wide, tall):
    """Returns {name: x}, {name: y from the top} of the centres, width, height, in inches."""
    depth, row, xs, ys = {}, {}, {}, {}
    for node in nodes:
        if node.name not in below:
            known = [depth[name] for name in node.inputs if name in depth]
            depth[node.name] = 1 + max(known, default=-1)
            row[node.name] = [depth[n] for n in row].count(depth[node.name])
    under = {name: [n for n in below if below[n] == name] for name in depth}

    def span(names):
        return sum(wide[n] for n in names) + SPACE * (len(names) - 1)

    end, lower = 0.15, 0.15  # how far the main rows and the rows of what is given reach
    for column in range(max(depth.values()) + 1):
        names = [n for n in depth if depth[n] == column]
        half = max(wide[n] for n in names) / 2
        given = max(span(under[n]) / 2 for n in names)
        centre = max(end + half, lower + given)
        for name in names:
            xs[name] = centre
            left = centre - span(under[name]) / 2
            for n in under[name]:
                xs[n] = left + wide[n] / 2
                left += wide[n] + SPACE
        end = centre + half + GAP
        lower = max(lower, centre + given + SPACE if given > 0 else 0)
    top = 0.0
    for r in range(max(row.values()) + 1):
        names = [n for n in row if row[n] == r]
        high = max(tall[n] for n in names)
        given = [n for name in names for n in under[name]]
        for name in names:
            ys[name] = top + high / 2
        top += high + RISE
        for n in given:
            ys[n] = top + tall[n] / 2
        top += max((tall[n] + SPACE for n in given), default=SPACE - RISE)
    return xs, ys, max(end - GAP, lower - SPACE) + 0.15, top - SPACE


def check(nodes):
    """Raises if the nodes are no computation."""
    if not nodes or not all(isinstance(node, Node) for node in nodes):
        raise TypeError('expected a list of Node, such as [Node("x", value=2.0), ...]')
    seen = set()
    for node in nodes:
        missing = [name for name in node.inputs if name not in seen]
        if isinstance(node.inputs, str) or missing or node.name in seen:
            raise ValueError(
                f"node {node.name}: found the inputs {node.inputs!r}, expected a tuple of names of "
                "nodes that stand before it, and each name once"
            )
        seen.add(node.name)
        if node.value is not None and node.gradient is not None:
            value, gradient = np.shape(node.value), np.shape(node.gradient)
            if value != gradient:
                raise ValueError(
                    f"node {node.name}: found a gradient of shape {list(gradient)} and a value of "
                    f"shape {list(value)}, expected the same"
                )


def texts_of(node):
    """Returns the lines of a node: (text, size, colour, weight)."""
    lines = [(node.name, TEXT + 1, INK, "bold")]
    if node.operation:
        lines.append((f"= {node.operation}", SMALL, INK, "normal"))
    arrays = [v for v in (node.value, node.gradient) if np.size(v) > 3]
    if arrays:
        lines.append((str(list(np.shape(arrays[0]))), SMALL, MUTED, "normal"))
    for what, colour in ((node.value, BLUE), (node.gradient, RED)):
        if what is not None:
            lines.append((number(what), SMALL, colour, "normal"))
    return lines


def number(value):
    """Returns a number, up to three of them, or the norm of more, as a short text."""
    value = np.asarray(value, dtype=float)
    if value.size > 3:
        return f"norm {short(np.linalg.norm(value))}"
    if value.size == 1:
        return short(value.item())
    return "[" + ", ".join(short(v) for v in value.flat) + "]"


def draw(axes, place, lines, given):
    """Draws one node, place: its centre, width and height; given: it is not computed."""
    x, y, width, height = place
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2 + 0.04, y - height / 2 + 0.04), width - 0.08, height - 0.08,
            boxstyle="round,pad=0.04", fc=PALE if given else "white", ec=LINE if given else INK,
            lw=1.0, zorder=3,
        )
    )  # fmt: skip
    top = y + (len(lines) - 1) * LINE_HEIGHT / 2
    for i, (text, size, colour, weight) in enumerate(lines):
        artist = write(axes, x, top - i * LINE_HEIGHT, text, size, colour, weight=weight)
        artist.set_zorder(4)


def across(start, end, at):
    """Returns the two ends of an edge from one box to another on its right."""
    x0, y0, w0, _ = start
    x1, y1, w1, h1 = end
    high = y0 if abs(y0 - y1) < 0.01 and at == 0 else y1 + at * h1
    return (x0 + w0 / 2 + 0.03, y0), (x1 - w1 / 2 - 0.03, high)


def upward(start, end):
    """Returns the two ends of an edge from one box to another above it."""
    x0, y0, _, h0 = start
    x1, y1, w1, h1 = end
    meets = float(np.clip(x0, x1 - w1 / 2 + 0.15, x1 + w1 / 2 - 0.15))
    return (x0, y0 + h0 / 2 + 0.03), (meets, y1 - h1 / 2 - 0.03)


def edge(axes, start, end, backward):
    """Draws the arrow of the value and, beside it, that of the gradient."""
    way = np.subtract(end, start)
    aside = np.array([-way[1], way[0]]) / np.hypot(*way) * 0.05
    arrow(axes, start + aside, end + aside, BLUE, 1.3)
    if backward:
        arrow(axes, end - aside, start - aside, RED, 1.1, style="--")


def legend(axes, x, y, backward):
    """Says what the colours are; backward: whether there are gradients."""
    entries = (BLUE, "-", "value, forward"), (RED, "--", "gradient, backward")
    for colour, style, text in entries[: 1 + backward]:
        ends = [(x, y), (x + 0.4, y)]
        arrow(axes, *(ends if style == "-" else ends[::-1]), colour, 1.3, style)
        write(axes, x + 0.48, y, text, SMALL, colour, ha="left")
        x += 0.48 + width_of(axes, text, SMALL) + 0.35
