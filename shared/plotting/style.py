"""The look of the book's figures: colours, text that can be read, ticks, and panels to draw on.

Colours are those of Okabe and Ito ("Color universal design", 2008), which the colour-blind can tell
apart. Settings with an order (depth, learning rate) get colours with an order. Text is darker than
lines: its contrast with the white page is at least 4.5 : 1 (WCAG 2.2, success criterion 1.4.3).
"""

import functools
import io
import itertools
import numbers
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import colors, ticker
from matplotlib.backends.backend_agg import FigureCanvasAgg

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PURPLE, SKY, BLACK, GREY = "#CC79A7", "#56B4E9", "#000000", "#737373"
COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK)
TRAINING, VALIDATION = BLUE, ORANGE
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
TEXT_CONTRAST = 4.5  # at least, of text on white
SMALL = 9  # points: the smallest text of a figure

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
    options = {"layout": "constrained"} | options
    figure, axes = plt.subplots(rows, columns, figsize=(width, height), **options)
    plt.close(figure)
    FigureCanvasAgg(figure)  # closed figures lose their canvas; with this one they can be drawn
    return figure, axes


def png(figure):
    """Returns the figure as the bytes of a PNG, drawn once: quicker than savefig."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()


def contrast(colour, background="white"):
    """Returns the contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""

    def luminance(name):
        rgb = np.array(colors.to_rgb(name))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    low, high = sorted((luminance(colour), luminance(background)))
    return float((high + 0.05) / (low + 0.05))


def ink(colour):
    """Returns the shade of a colour for text on white: itself, or darker until it can be read."""
    return _ink(colors.to_hex(colour))


@functools.cache
def _ink(colour):
    shades = (colors.to_hex(k * np.array(colors.to_rgb(colour))) for k in np.linspace(1, 0, 101))
    return next(shade for shade in shades if contrast(shade) >= TEXT_CONTRAST)


class Look(NamedTuple):
    """How one of several lines is told from the others: by colour and, without it, by marker."""

    colour: str
    marker: str


def is_ordered(names):
    """Whether the names of settings are numbers, so that their colours should have an order."""
    return all(isinstance(name, numbers.Real) and not isinstance(name, bool) for name in names)


def looks(names):
    """Returns {name: Look} for settings: a colour scale for numbers, else distinct colours.

    The scale is the dark part of Matplotlib's "plasma", from blue to orange, which is ordered by
    lightness for the colour-blind and in grey, too; each of its colours is dark enough on white.
    """
    names = list(names)
    markers = itertools.cycle(MARKERS)
    if len(names) > 1 and is_ordered(names):
        places = {name: k for k, name in enumerate(sorted(names))}
        shades = plt.get_cmap("plasma")(np.linspace(0, 0.63, len(names)))
        shown = [colors.to_hex(shades[places[name]]) for name in names]
    else:
        shown = itertools.cycle(COLOURS)
    return {name: Look(*look) for name, *look in zip(names, shown, markers, strict=False)}


def named(name, setting=None):
    """Returns how a setting is written: "η = 0.1" for 0.1 and "η"; numbers without zeros behind."""
    text = f"{name:g}" if is_ordered([name]) else str(name)
    return f"{setting} = {text}" if setting else text


def plain(value, _=None):
    """Returns a tick as a plain number: 0.05, 0.1, 1,000; powers of ten from 1e6 and below 1e-4."""
    if value == 0 or 1e-4 <= abs(value) * (1 + 1e-9) < 1e6:
        return f"{value:,.10g}"
    exponent = int(np.floor(np.log10(abs(value)) + 1e-9))
    factor = f"{value / 10.0**exponent:.3g}"
    return f"$10^{{{exponent}}}$" if factor == "1" else f"${factor}·10^{{{exponent}}}$"


class PlainTicks(ticker.Locator):
    """Ticks of a log axis at 1, 2 and 5 times the powers of ten, or fewer over many decades."""

    def __call__(self):
        return self.tick_values(*self.axis.get_view_interval())

    def tick_values(self, low, high):
        low, high = sorted((low, high))
        if not 1e-300 < low < high < 1e300:
            return np.array([])
        decades = np.log10(high / low)
        first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
        steps = (1, 2, 5) if decades < 3 else (1,)
        powers = 10.0 ** np.arange(first, last + 1, max(1, int(decades // 6)))
        ticks = np.outer(powers, steps).ravel()
        inside = ticks[(ticks >= low * (1 - 1e-9)) & (ticks <= high * (1 + 1e-9))]
        if len(inside) >= 3 or decades > 1.5:
            return inside
        linear = ticker.MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high)
        return linear[(linear >= low) & (linear <= high)]


def log_axis(axes, which="y", ticks=None):
    """Gives an axis ("x" or "y") a log scale whose ticks are plain numbers: 0.1, 0.2, 0.5, 1.

    ticks: the numbers to write, if not these; those too near to the one before are left out.
    """
    if which not in ("x", "y"):
        raise ValueError(f'which axis? expected "x" or "y", found {which!r}')
    axis = axes.xaxis if which == "x" else axes.yaxis
    axes.set(**{f"{which}scale": "log"})
    axis.set_major_locator(PlainTicks())
    if ticks is not None:
        set_ticks(axes, which, ticks, [plain(tick) for tick in ticks])
    axis.set_major_formatter(ticker.FuncFormatter(plain))
    axis.set_minor_locator(ticker.NullLocator())


def set_ticks(axes, which, ticks, texts):
    """Sets ticks and their texts, those left out that would touch the one before (x axis only)."""
    kept = range(len(ticks))
    if which == "x":
        order = sorted(kept, key=lambda k: ticks[k])
        scale = axes.get_xscale() == "log"
        places = np.log10([ticks[k] for k in order]) if scale else [ticks[k] for k in order]
        width = axes.get_window_extent().width * 72 / axes.figure.dpi  # points
        span = max(places[-1] - places[0], 1e-12) * 1.1
        kept, end = [], -np.inf
        for k, place in zip(order, places, strict=True):
            half = 3.2 * len(texts[k]) + 2  # points: half of a text of 10 points
            middle = (place - places[0]) / span * width
            if middle - half > end:
                kept.append(k)
                end = middle + half
    axes.set(
        **{
            f"{which}ticks": [ticks[k] for k in kept],
            f"{which}ticklabels": [texts[k] for k in kept],
        }
    )


def percent(probability, decimals=4):
    """Returns a probability as text, with as many decimals as keep it from reading "100%".

    decimals: at most these, then it reads ">99.9999%".
    """
    if probability < 0.9995:
        return f"{probability:.1%}"
    if 1 - probability < 10.0 ** -(decimals + 2):
        return f">{100 - 10.0**-decimals:.{decimals}f}%"
    needed = int(np.ceil(-np.log10(1 - probability) - 1e-9)) - 2
    floor = np.floor(probability * 10.0 ** (needed + 2) + 1e-6) / 10.0**needed
    return f"{floor:.{needed}f}%"
