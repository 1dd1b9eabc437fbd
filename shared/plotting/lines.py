"""Lines with their labels beside them, and the mean and range of several runs."""

import numpy as np
from matplotlib import patheffects
from matplotlib.artist import Artist

from shared import checks
from shared.plotting import checked
from shared.plotting.style import ink

ABOVE = 3  # pixels between a line and the label that stands on it
HALO = [patheffects.withStroke(linewidth=3, foreground="white")]


def spread(axes, x, runs, label, colour, **options):
    """Draws the mean of several runs [runs, points] as a line, and their range as a band.

    x: [points]; runs may be one run [points]; options: those of axes.plot.
    """
    if np.ndim(x) != 1:
        raise ValueError(f"x: expected one for each point, found the shape {np.shape(x)}")
    runs = np.atleast_2d(checked.array(runs, "runs").astype(float))
    if runs.ndim != 2 or runs.shape[1] != len(x):
        raise ValueError(
            f"expected runs [runs, points] with a value for each of the {len(x)} x, "
            f"found the shape {runs.shape}"
        )
    axes.plot(x, runs.mean(axis=0), color=colour, label=label, **options)
    if len(runs) > 1:
        axes.fill_between(x, runs.min(axis=0), runs.max(axis=0), color=colour, alpha=0.2, lw=0)


def label_lines(axes, gap=0.0, x=None):
    """Writes the label of each line beside it, in its colour; returns the labels, as Text.

    A label stands at the right end of its line, or, where x is given, above the line at that x.
    Labels that would overlap are moved apart, each cluster of them centred on its lines; the
    others stay at their line's height. All stay within the height of the axes. This is worked out
    whenever the figure is drawn, so that limits and layout may change after the call. An arrow
    behind a label says that the line's end is above or below the axes.

    gap: the least distance between the middles of two labels, as a part of the axes' height; never
    less than the height of the text. x: a number, or {label: number} for some of the labels; or
    "start", to the left of each line, where lines begin apart and end together.
    """
    if not hasattr(axes, "get_lines"):
        raise TypeError(f"axes: expected one panel's axes, found {checks.kind(axes)}")
    if x is not None and x != "start" and not isinstance(x, dict):
        x = checks.number(x, "x")
    named = [line for line in axes.get_lines() if line.get_label().strip()]
    lines = [line for line in named if not line.get_label().startswith("_")]
    lines = [line for line in lines if np.isfinite(line.get_xydata()).all(axis=1).any()]
    if isinstance(x, dict):
        unknown = sorted(set(x) - {line.get_label() for line in lines})
        if unknown:
            raise ValueError(
                f"x names {unknown}, which are not the labels of lines; these are "
                f"{[line.get_label() for line in lines]}"
            )
    labels = []
    for line in lines:
        at = x.get(line.get_label()) if isinstance(x, dict) else x
        text = axes.annotate(
            line.get_label(),
            (1.0, 0.5),
            xycoords="axes fraction",
            xytext=(0, 0),
            textcoords="offset points",
            va="center",
            color=ink(line.get_color()),
            annotation_clip=False,
        )
        if at is not None:
            text.set(ha="right" if at == "start" else "center")
        labels.append((line, text, at))
    if labels:
        arrangement = _Arrangement(axes, labels, gap)
        axes.add_artist(arrangement)
        axes.autoscale_view()
        if x == "start":
            _make_room(axes, max(text.get_window_extent().width for _, text, _ in labels))
        arrangement.arrange()
    return [text for _, text, _ in labels]


class _Arrangement(Artist):
    """Nothing to see: moves the labels of lines apart just before they are drawn."""

    def __init__(self, axes, labels, gap):
        super().__init__()
        self.labels, self.gap = labels, gap
        self.set(in_layout=False, zorder=-1)

    def draw(self, renderer):
        self.arrange()

    def arrange(self):
        frame = self.axes.get_window_extent()
        sizes = [text.get_window_extent() for _, text, _ in self.labels]
        total = sum(size.height for size in sizes)
        if total > frame.height:  # too many of them: smaller, rather than one upon the other
            for _, text, _ in self.labels:
                text.set_fontsize(max(6.0, text.get_fontsize() * frame.height / total))
            sizes = [text.get_window_extent() for _, text, _ in self.labels]
        left, wanted = [], []
        for (line, text, at), size in zip(self.labels, sizes, strict=True):
            place, height = _anchor(self.axes, line, at, frame)
            beyond = " ↑" if height > frame.y1 + 1 else " ↓" if height < frame.y0 - 1 else ""
            text.set_text(line.get_label() + beyond)
            text.set_path_effects(HALO if place < frame.x1 else [])  # among the lines
            height = min(max(height, frame.y0), frame.y1)
            if at is None:
                left.append(place)
            elif at == "start":
                left.append(place - size.width)
            else:
                half = size.width / 2
                last = max(frame.x1, frame.x0 + size.width) - half
                place = min(max(place, frame.x0 + half), last)
                left.append(place - half)
                height = _beside(line, left[-1], size, height, frame)
            wanted.append((place, height))
        boxes = [(x, x + size.width) for x, size in zip(left, sizes, strict=True)]
        for group in _columns(boxes):
            heights = [max(sizes[k].height, self.gap * frame.height) for k in group]
            # the first and the last need no more room than their text, within the axes
            edge = (heights[0] - sizes[group[0]].height) / 2
            middles = apart(
                [wanted[k][1] for k in group], heights, frame.y0 - edge, frame.y1 + edge
            )
            for k, middle in zip(group, middles, strict=True):
                self.labels[k][1].xy = (
                    (wanted[k][0] - frame.x0) / frame.width,
                    (middle - frame.y0) / frame.height,
                )


def _anchor(axes, line, at, frame):
    """Returns where the label of a line belongs, (x, y) in pixels; at: x in data, or None."""
    points = line.get_transform().transform(line.get_xydata())
    points = points[np.isfinite(points).all(axis=1)]
    rising = points[np.argsort(points[:, 0], kind="stable")]
    if at == "start":
        return points[0] - (8 * axes.figure.dpi / 100, 0)
    if at is not None:
        place = axes.transData.transform((at, axes.get_ylim()[0]))[0]
        return place, np.interp(place, *rising.T)
    x, y = points[-1]
    if x > frame.x1:  # the limits cut the line: its height there
        y = np.interp(frame.x1, *rising.T)
    ends_early = x < frame.x0 + 0.9 * frame.width
    return (x if ends_early else frame.x1) + 8 * axes.figure.dpi / 100, y


def _beside(line, left, size, height, frame):
    """Returns where the middle of a label stands above its line, or below it at the axes' top."""
    points = line.get_transform().transform(line.get_xydata())
    points = points[np.isfinite(points).all(axis=1)]
    rising = points[np.argsort(points[:, 0], kind="stable")]
    under = np.interp(np.linspace(left, left + size.width, 9), *rising.T)
    away = size.height / 2 + ABOVE
    if height + 2 * away > frame.y1:
        return max(under.min(), height - 10) - away
    return min(under.max(), height + 10) + away  # a steep line may touch its label


def _make_room(axes, width):
    """Moves the left limit of the axes so that labels of this width (pixels) stand before it."""
    scale = axes.xaxis.get_transform()
    low, high = scale.transform(np.array(axes.get_xlim()))
    part = min(0.6, 1.05 * (width + 12) / axes.get_window_extent().width)
    first = scale.inverted().transform(np.array([high - (high - low) / (1 - part)]))[0]
    axes.set_xlim(left=first)


def _columns(boxes):
    """Returns lists of the numbers of boxes (left, right) that overlap, directly or by others."""
    groups, end = [], -np.inf
    for k in sorted(range(len(boxes)), key=lambda k: boxes[k][0]):
        if boxes[k][0] > end:
            groups.append([])
        groups[-1].append(k)
        end = max(end, boxes[k][1])
    return groups


def apart(wanted, heights, low, high):
    """Returns the middles of boxes that do not overlap, as near to the wanted ones as can be.

    wanted, heights: [n]; low, high: between these they stay, if there is room. Nearness is the sum
    of squares, which centres each cluster on its boxes and leaves the others where they are: it is
    isotonic regression, by pooling of adjacent violators (Barlow and others, 1972).
    """
    wanted, heights = np.asarray(wanted, float), np.asarray(heights, float)
    order = np.argsort(wanted, kind="stable")
    tall = heights[order]
    above = np.concatenate([[0], np.cumsum((tall[1:] + tall[:-1]) / 2)])  # of the lowest's middle
    pools = []  # [mean, how many]
    for value in wanted[order] - above:
        pools.append([value, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (a, n), (b, m) = pools[-2:]
            pools[-2:] = [[(n * a + m * b) / (n + m), n + m]]
    base = np.repeat([mean for mean, _ in pools], [n for _, n in pools])
    base = np.minimum(np.maximum(base, low + tall[0] / 2), high - tall[-1] / 2 - above[-1])
    middles = np.empty(len(wanted))
    middles[order] = base + above
    return middles
