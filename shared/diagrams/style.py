"""What all diagrams have in common: colours, a sheet measured in inches, numbers written short.

Fills are those of Okabe and Ito, mixed with white; what is written is dark enough to be read on
white and on every fill (contrast of at least 4.5 to 1).
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle

INK, MUTED, BLUE, RED = "#222222", "#5C5C5C", "#0068A3", "#B34A00"
LINE, PALE = "#B0B0B0", "#F1F1F1"
PALE_BLUE, PALE_ORANGE = "#D5E8F4", "#FBE6B8"
WARM, COLD = "#F2A37C", "#7DB8DE"  # positive and negative, at the ends of the scale
TITLE, TEXT, SMALL = 12, 10, 9  # points
WIDEST, HIGHEST, DPI = 9.0, 4.5, 120  # inches, and pixels of an inch


def canvas(width, height, title=None):
    """Returns (figure, axes) whose data units are inches, (0, 0) at the lower left; closed.

    The title stands at the upper left, in the uppermost 0.4 inches; the sheet is as wide as it.
    """
    width = max(width, width_of_title(title))
    figure, axes = plt.subplots(figsize=(width, height), dpi=DPI, facecolor="white")
    plt.close(figure)
    axes.set_position([0, 0, 1, 1])
    axes.set(xlim=(0, width), ylim=(0, height))
    axes.set_axis_off()
    if title:
        write(axes, 0.1, height - 0.2, title, size=TITLE, ha="left")
    return figure, axes


def width_of_title(title):
    """Returns how many inches a title takes, margins included; raises if that is too much."""
    if not title:
        return 0.0
    _, axes = canvas(1, 1)
    width = width_of(axes, title, TITLE) + 0.2
    if width > WIDEST:
        raise ValueError(
            f"title: found {len(title)} characters, {width:.1f} inches, expected at most "
            f"{WIDEST:g}: shorten it"
        )
    return width


def write(axes, x, y, text, size=TEXT, colour=INK, ha="center", va="center", weight="normal"):
    """Writes text at (x, y) and returns its artist."""
    return axes.text(
        x, y, text, fontsize=size, color=colour, ha=ha, va=va, weight=weight, linespacing=1.25
    )


def width_of(axes, text, size=TEXT, weight="normal"):
    """Returns the width of a text in inches."""
    artist = write(axes, 0, 0, text, size, weight=weight)
    width = artist.get_window_extent().width / axes.figure.dpi
    artist.remove()
    return width


def arrow(axes, start, end, colour=INK, width=1.2, style="-"):
    """Draws a straight arrow."""
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=10, color=colour, lw=width,
            linestyle=style, shrinkA=0, shrinkB=0,
        )
    )  # fmt: skip


def circle(axes, x, y, radius, fill, edge=INK, width=0.8):
    """Draws a circle and returns its artist."""
    return axes.add_patch(Circle((x, y), radius, fc=fill, ec=edge, lw=width, zorder=3))


def box(axes, x, y, width, height, fill="none", edge=LINE, line=0.6, zorder=1):
    """Draws a rectangle, (x, y) its lower left corner, and returns its artist."""
    return axes.add_patch(
        Rectangle((x, y), width, height, fc=fill, ec=edge, lw=line, zorder=zorder)
    )


def short(value, digits=3):
    """Returns a number as a short text: 0.25, 1,024, 1.2·10⁻⁵, with a true minus sign."""
    value = float(value)
    if not np.isfinite(value):
        text = "not a number" if np.isnan(value) else "∞" if value > 0 else "-∞"
    elif value == round(value) and abs(value) < 1e6:
        text = f"{int(value):,}"
    else:
        text = f"{value:.{digits}g}"
        if "e" in text:
            mantissa, exponent = text.split("e")
            power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
            text = f"{mantissa}·10{power}"
    return text.replace("-", "\u2212")


def aligned(values, width=4):
    """Returns a function that writes each of these numbers with the same number of decimals."""
    values = np.asarray(values, dtype=float)
    before = len(f"{np.abs(values).max():.0f}")
    decimals = 0 if (values == values.round()).all() else max(0, min(2, width - 1 - before))

    def text_of(value):
        rounded = round(float(value), decimals) + 0.0  # no negative zero
        return f"{rounded:,.{decimals}f}".replace("-", "\u2212")

    return text_of


def times(shape):
    """Returns a shape as a text: 28 × 28 × 1."""
    return " × ".join(f"{n:,}" for n in shape)


def mix(colour, share):
    """Returns a colour mixed with white; share 1: the colour itself, 0: white."""
    return tuple(1 + share * (np.array(to_rgb(colour)) - 1))


def signed(value, limit):
    """Returns the fill for a value of either sign: white at zero, warm above, cold below."""
    share = min(1.0, abs(value) / limit) if limit > 0 else 0.0
    return mix(WARM if value > 0 else COLD, share)


def ink(value, limit):
    """Returns the fill for a pixel: white at zero, grey at the limit."""
    return mix("#A8A8A8", min(1.0, max(0.0, value / limit)) if limit > 0 else 0.0)


def matrix(values, name):
    """Returns values as a float array [rows, columns]; raises if they are not finite numbers."""
    try:
        values = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{name}: expected numbers, found {type(values).__name__}") from None
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(
            f"{name}: found shape {list(values.shape)}, expected [rows, columns]: "
            "choose one image, channel or unit first"
        )
    if not np.isfinite(values).all():
        raise ValueError(f"{name}: found values that are not finite, expected numbers to write")
    return values
