"""The surface of a loss over two weights, and the path of an optimizer on it."""

import matplotlib.pyplot as plt
import numpy as np

from .style import BLUE, DPI, INK, MUTED, RED, SMALL, TEXT, TITLE, WIDEST, width_of_title

MOST = 4  # panels
EDGE, FOOT, GAP = 0.75, 0.75, 0.22  # inches: left of the panels, below, and between


def loss_surface(loss, paths, limits=None, title=None, names=("$w_1$", "$w_2$")):
    """Draws the contours of a loss over two weights, one panel for each path of an optimizer.

    loss: a function of two arrays of the same shape, one for each weight, that returns the losses
    in that shape; or (x, y, losses), of shapes [columns], [rows] and [rows, columns]. paths:
    [steps + 1, 2], the start and the point after each step, or {name: path}, at most 4, such as
    one for each learning rate. limits: (left, right, low, high); without them, those of the grid,
    or a square around the points of the paths that are not above their start. A path that leaves
    them, or is not finite, ends with a cross at the border, and its title says at which step.
    Returns the figure. Raises ValueError for other shapes.
    """
    paths = paths if isinstance(paths, dict) else {"": paths}
    if not 1 <= len(paths) <= MOST:
        raise ValueError(f"paths: found {len(paths)}, expected 1 to {MOST}, one for each panel")
    paths = {name: path_of(path, name) for name, path in paths.items()}
    x, y, z, limits = grid(loss, paths, limits)
    finite = z[np.isfinite(z)]
    lowest, highest = finite.min(), finite.max()
    shares = np.linspace(0, 1, 10)[1:] ** 2  # closer where the loss is low
    levels = np.unique(lowest + (highest - lowest) * shares)
    if len(levels) < 2:
        raise ValueError("loss: found the same value everywhere, expected a loss that varies")

    n = len(paths)
    side = min(2.9, (WIDEST - EDGE - GAP * n) / n)  # inches
    head = 0.3 + 0.21 * ("" not in paths) + (0.4 if title else 0.05)
    width = max(EDGE + n * (side + GAP), width_of_title(title))
    height = FOOT + side + head
    figure, axes = plt.subplots(1, n, figsize=(width, height), dpi=DPI, facecolor="white",
                                squeeze=False)  # fmt: skip
    plt.close(figure)
    for i, (axis, (name, path)) in enumerate(zip(axes.flat, paths.items(), strict=True)):
        left = EDGE + i * (side + GAP)
        axis.set_position([left / width, FOOT / height, side / width, side / height])
        axis.contourf(x, y, z, [lowest - 1e-12, *levels], cmap="Blues", extend="max", alpha=0.55)
        axis.contour(x, y, z, levels, colors="white", linewidths=0.8)
        axis.set(xlim=limits[:2], ylim=limits[2:])
        axis.grid(False)
        axis.spines[:].set_visible(True)
        axis.spines[:].set(color=MUTED, linewidth=0.8)
        axis.tick_params(labelsize=SMALL, colors=MUTED, labelleft=i == 0)
        axis.locator_params(nbins=4)
        axis.set_xlabel(names[0], fontsize=TEXT, color=INK)
        says = draw(axis, path, limits)
        heading = f"{name}\n{says}" if name else says
        axis.set_title(heading, fontsize=TEXT, color=INK, loc="left", linespacing=1.3, pad=9)
    axes[0, 0].set_ylabel(names[1], fontsize=TEXT, color=INK, rotation=0, labelpad=10)
    marks = "○ start   ● end" + "   × leaves the figure" * any(
        line.get_gid() == "left" for axis in axes.flat for line in axis.lines
    )
    figure.text(EDGE / width, 0.12 / height, marks, fontsize=SMALL, color=MUTED, va="center")
    if title:
        at = (0.1 / width, 1 - 0.2 / height)
        figure.text(*at, title, fontsize=TITLE, color=INK, va="center")
    return figure


def path_of(path, name):
    """Returns a path as floats [points, 2]; what follows a point that is not finite is cut off."""
    path = np.asarray(path, dtype=float)
    if path.ndim != 2 or path.shape[1] != 2 or not np.isfinite(path[:1]).all() or not len(path):
        raise ValueError(
            f"path {name!s}: found shape {list(path.shape)}, expected [steps + 1, 2], two weights "
            "at the start and after each step, the start finite"
        )
    return path


def grid(loss, paths, limits):
    """Returns (x, y, losses [rows, columns], limits) to draw the contours from."""
    if limits is not None and not (
        len(limits) == 4 and limits[0] < limits[1] and limits[2] < limits[3]
    ):
        raise ValueError(f"limits: found {limits}, expected (left, right, low, high)")
    if callable(loss):
        if limits is None:
            limits = around(loss, paths.values())
        left, right, low, high = limits
        x, y = np.linspace(left, right, 161), np.linspace(low, high, 161)
        z = np.asarray(loss(*np.meshgrid(x, y)), dtype=float)
    else:
        try:
            x, y, z = (np.asarray(part, dtype=float) for part in loss)
        except (TypeError, ValueError):
            raise TypeError(
                f"loss: found {type(loss).__name__}, expected a function of two arrays or "
                "(x, y, losses)"
            ) from None
        if limits is None and x.size and y.size:
            limits = (x.min(), x.max(), y.min(), y.max())
    if z.shape != (y.size, x.size) or not np.isfinite(z).any():
        raise ValueError(
            f"loss: found losses of shape {list(z.shape)}, expected [{y.size}, {x.size}], one for "
            "each point of the grid, and finite ones"
        )
    return x, y, z, limits


def around(loss, paths):
    """Returns the limits of a square around the points whose loss is not above the start's."""
    near = []
    for path in paths:
        path = path[np.isfinite(path).all(axis=1)]
        with np.errstate(over="ignore", invalid="ignore"):
            losses = np.asarray(loss(*path.T), dtype=float)
        if losses.shape != path.shape[:1]:
            raise ValueError(
                f"loss: found losses of shape {list(losses.shape)} for {len(path)} points, "
                "expected one for each point"
            )
        near.append(path[losses <= losses[0]])
    near = np.concatenate([*near, *(path[:1] for path in paths)])
    low, high = near.min(axis=0), near.max(axis=0)
    x, y = (low + high) / 2
    half = 0.65 * max(*(high - low), 1e-6)
    return x - half, x + half, y - half, y + half


def draw(axis, path, limits):
    """Draws a path as far as it stays within the limits; returns what became of it in words."""
    left, right, low, high = limits
    inside = np.isfinite(path).all(axis=1)
    inside[inside] &= (
        (path[inside, 0] >= left) & (path[inside, 0] <= right)
        & (path[inside, 1] >= low) & (path[inside, 1] <= high)
    )  # fmt: skip
    steps = len(path) - 1
    stays = inside.all()
    kept = path if stays else path[: np.argmin(inside)]
    if not len(kept):
        raise ValueError(f"limits: found {limits} without the start of a path, {path[0].tolist()}")
    leaves = len(kept)
    if not stays:
        border = crossing(kept[-1], path[leaves], limits)
        if border is not None:
            kept = np.vstack([kept, border])
    axis.plot(*kept.T, color=RED, lw=1.3, zorder=3, gid="path")
    points = kept[: leaves if not stays else None]
    axis.plot(*points.T, "o", color=RED, ms=2.8, zorder=4, gid="steps")
    axis.plot(*path[0], "o", mfc="white", mec=RED, ms=7, mew=1.5, zorder=5, gid="start")
    if stays:
        axis.plot(*path[-1], "o", color=BLUE, mec="white", ms=8, zorder=6, gid="end")
        return f"{steps} steps"
    axis.plot(*kept[-1], "x", color=RED, ms=10, mew=2.5, zorder=6, clip_on=False, gid="left")
    return f"leaves at step {leaves}"


def crossing(inner, outer, limits):
    """Returns where the line from inner to outer meets the limits, or None if it has no end."""
    if not np.isfinite(outer).all():
        return None
    step = outer - inner
    bounds = np.where(step > 0, [limits[1], limits[3]], [limits[0], limits[2]])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(step == 0, np.inf, (bounds - inner) / step)
    return inner + min(share.min(), 1.0) * step
