"""Quantities of layers: one number for each layer, or the distribution of many."""

import numpy as np

from shared import checks
from shared.plotting import checked
from shared.plotting.lines import label_lines, spread
from shared.plotting.style import BLUE, SMALL, ink, log_axis, looks, named, panels


def layers(values, ylabel, title=None, *, scale="log", names=None, setting=None):
    """Draws a measured quantity against the layer, a line for each setting; returns the figure.

    values: {name: [one number per layer]}, or {name: [seeds, layers]} for the mean and range of
    several seeds; the numbers of layers may differ. scale: "log" or "linear"; on a log axis, what
    is zero stands at the bottom and is marked as "0". names: of the layers; else 1, 2, ...
    setting: what the names are, "depth" for labels such as "depth = 3".
    """
    if not isinstance(values, dict) or not values:
        raise TypeError(f"values: expected {{name: [one number per layer]}}, found {values!r:.60}")
    if scale not in ("log", "linear"):
        raise ValueError(f'scale is {scale!r}: expected "log" or "linear"')
    runs = {}
    for name, rows in values.items():
        rows = np.atleast_2d(checked.array(rows, f"values of {name!r}")).astype(float)
        if rows.ndim != 2 or not rows.size:
            raise ValueError(
                f"values of {name!r}: expected [layers] or [seeds, layers], found {rows.shape}"
            )
        if scale == "log" and np.nanmin(rows, initial=np.inf) < 0:
            raise ValueError(f'values of {name!r}: some are negative; scale="linear" shows them')
        runs[name] = rows
    most = max(rows.shape[1] for rows in runs.values())
    names = None if names is None else checked.several(names, "names", "layer")
    if names is not None and len(names) != most:
        raise ValueError(f"names: expected one for each of {most} layers, found {len(names)}")
    figure, axis = panels(height=3.4)
    styles = looks(runs)
    for name, rows in runs.items():
        look, x = styles[name], np.arange(1, rows.shape[1] + 1)
        zero = (rows == 0).any(axis=0) if scale == "log" else np.zeros(len(x), bool)
        positive = np.where(zero, np.nan, rows)
        label = named(name, setting)
        spread(axis, x, positive, label, look.colour, marker=look.marker, ms=5)
        for place in x[zero]:
            axis.annotate(
                "0", (place, 0.02), xycoords=axis.get_xaxis_transform(), color=ink(look.colour),
                ha="center", fontsize=SMALL,
            )  # fmt: skip
    if scale == "log":
        log_axis(axis, "y")
    if names is not None:
        axis.set_xticks(range(1, most + 1), [str(name) for name in names])
    else:
        axis.xaxis.get_major_locator().set_params(integer=True)
        if most <= 20:
            axis.set_xticks(range(1, most + 1))
    axis.set(xlabel="layer", ylabel=ylabel, title=title or "")
    label_lines(axis, x="start" if len({rows.shape[1] for rows in runs.values()}) > 1 else None)
    return figure


def histograms(layers, title=None, xlabel="value", bins=60):
    """Draws one histogram per layer, side by side, and returns the figure.

    layers: {name: array of any shape}, in order; the title of each panel adds its mean and
    standard deviation, and how many values are not finite, if any are not.
    """
    if not isinstance(layers, dict) or not layers:
        raise TypeError(f"layers: expected {{name: array}}, found {layers!r:.60}")
    checked.few(len(layers), 12, "layers")
    bins = checks.whole(bins, "bins", 1)
    figure, axes = panels(1, len(layers), width=9.0, height=2.4, squeeze=False)
    for axis, (name, values) in zip(axes.flat, layers.items(), strict=True):
        values = checked.array(values, f"values of {name!r}").astype(float).ravel()
        if not len(values):
            raise ValueError(f"values of {name!r}: found none")
        finite = values[np.isfinite(values)]
        axis.hist(finite, bins=bins, color=BLUE, density=bool(len(finite)))
        text = f"{name}\nmean {finite.mean():.2g}, std {finite.std():.2g}" if len(finite) else name
        if len(finite) < len(values):
            text += f"\n{len(values) - len(finite):,} not finite"
        axis.set_title(text, fontsize=SMALL)
        axis.set(xlabel=xlabel, yticks=[])
        axis.xaxis.get_major_locator().set_params(nbins=4)
        axis.grid(False)
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure
