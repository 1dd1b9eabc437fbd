"""Final results of several runs: against a hyperparameter, and contender by contender.

Each run is a faint dot; the mean of the runs carries its 95 % interval, Student's, which the
figures draw for three runs or more. A result that is not a finite number is a run that diverged:
it is drawn as a cross at the bad end of the axis and never left out of sight.
"""

import math

import numpy as np
from scipy.special import stdtrit

from shared.plotting import checked
from shared.plotting.lines import label_lines
from shared.plotting.style import (
    BLACK,
    RED,
    SMALL,
    ink,
    is_ordered,
    log_axis,
    looks,
    named,
    panels,
    plain,
    set_ticks,
)

ACCURACY = "validation accuracy (%)"


def mean_interval(values):
    """Returns (mean, half the width of its 95 % interval) of the runs' results, [runs].

    The half is nan for fewer than three runs; both are nan if a run diverged.
    Student, "The probable error of a mean" (1908).
    """
    values = checked.array(values, "values", "[runs]").astype(float)
    n = len(values)
    if not n or not np.isfinite(values).all():
        return np.nan, np.nan
    half = stdtrit(n - 1, 0.975) * values.std(ddof=1) / math.sqrt(n) if n > 2 else np.nan
    return float(values.mean()), float(half)


def sweep(
    results,
    xlabel,
    title=None,
    *,
    ylabel=ACCURACY,
    percent=True,
    scale="log",
    yscale="linear",
    reference=None,
    diverged="bottom",
):
    """Draws results against a hyperparameter: runs as dots, means with intervals; returns a figure.

    results: {setting: [one result per run]}, or {name: {setting: [...]}} for several lines; a run
    that diverged has the result nan. percent: the results are fractions from 0 to 1, drawn in
    percent; False draws any other quantity as it is. scale: of the settings, "log", "linear" or
    "even" (side by side, as names are). yscale: "linear" or "log". reference: the name of a line;
    a second panel then shows the difference of each other line from it, paired run by run (run i
    of both has the same seed). diverged: the bad end of the axis, "bottom" or, for a loss, "top".
    Raises ValueError for settings that a scale cannot show and for runs that are no pairs.
    """
    if scale not in ("log", "linear", "even") or yscale not in ("log", "linear"):
        raise ValueError(
            f'scale is {scale!r} and yscale {yscale!r}: expected "log", "linear" or, for scale '
            'only, "even"'
        )
    if diverged not in ("bottom", "top"):
        raise ValueError(f'diverged is {diverged!r}: expected "bottom" or "top"')
    lines = results if _is_nested(results) else {"": results}
    lines = {name: _runs(line, percent) for name, line in lines.items()}
    settings = list(dict.fromkeys(setting for line in lines.values() for setting in line))
    if is_ordered(settings):
        if not np.isfinite(settings).all():
            raise ValueError(f"settings {settings}: expected finite numbers")
        settings.sort()
    else:
        scale = "even"
    if scale == "log" and min(settings) <= 0:
        raise ValueError(
            f'the setting {min(settings):g} has no place on a log axis: scale="even" or "linear"'
        )
    if yscale == "log" and any(
        np.any(runs <= 0) for line in lines.values() for runs in line.values()
    ):
        raise ValueError('a result of 0 or less has no place on a log axis: yscale="linear"')
    if reference is not None and reference not in lines:
        raise ValueError(f"reference is {reference!r}: expected one of {list(lines)}")

    figure, axes = panels(1, 1 + (reference is not None), height=3.4, squeeze=False)
    axes, styles = axes[0], looks(lines)
    place = {setting: k if scale == "even" else setting for k, setting in enumerate(settings)}
    marks = []
    for k, (name, line) in enumerate(lines.items()):
        aside = _aside(k, len(lines), list(place.values()), scale)
        x = [aside(place[setting]) for setting in settings if setting in line]
        runs = [line[setting] for setting in settings if setting in line]
        marks += _line(axes[0], x, runs, name, styles[name])
    axes[0].set(ylabel=ylabel, title=title or "")
    if yscale == "log":
        log_axis(axes[0], "y")
    _mark_diverged(axes[0], marks, diverged)
    if reference is not None:
        _differences(axes[1], lines, reference, place, styles, scale)
        axes[1].set(title=f"difference from {reference}, paired", ylabel=_unit(percent))
    for axis in axes:
        if scale == "log":
            log_axis(axis, "x", settings)
        elif scale == "even":
            axis.set_xlim(-0.5, len(settings) - 0.5)
        if scale != "log":
            set_ticks(axis, "x", list(place.values()), [_short(setting) for setting in settings])
        axis.set_xlabel(xlabel)
        label_lines(axis)
    return figure


def contenders(
    results, title=None, *, xlabel=ACCURACY, percent=True, reference=None, diverged="bottom"
):
    """Draws a row for each contender: its runs as dots, their mean with its interval.

    results: {name: [one result per run]}, nan for a run that diverged. percent: the results are
    fractions from 0 to 1, drawn in percent. reference: the name of a contender; a second panel
    then shows the difference of each other one from it, paired run by run (run i of both has the
    same seed). diverged: the bad end of the axis, "bottom" (here the left) or "top" (the right).
    Returns the figure.
    """
    runs = _runs(results, percent)
    if reference is not None and reference not in runs:
        raise ValueError(f"reference is {reference!r}: expected one of {list(runs)}")
    if diverged not in ("bottom", "top"):
        raise ValueError(f'diverged is {diverged!r}: expected "bottom" or "top"')
    two = reference is not None
    height = min(4.5, 1.15 + 0.36 * len(runs))
    figure, axes = panels(1, 1 + two, height=height, squeeze=False, sharey=True)
    axes, styles, marks = axes[0], looks(runs), []
    for row, (name, values) in enumerate(runs.items()):
        finite = values[np.isfinite(values)]
        colour = styles[name].colour
        jitter = row + 0.16 * _swing(len(finite))
        axes[0].plot(finite, jitter, "o", ms=4.5, color=colour, alpha=0.45, mew=0)
        mean, half = mean_interval(values)
        if np.isfinite(mean):
            error = half if np.isfinite(half) else None
            axes[0].errorbar(mean, row, xerr=error, color=colour, capsize=4, **_mean(styles[name]))
        if len(finite) < len(values):
            marks.append((row, len(values) - len(finite), len(values), colour))
        if two and name != reference:
            mean, half = mean_interval(_paired(name, values, reference, runs[reference]))
            if np.isfinite(mean):
                error = half if np.isfinite(half) else None
                axes[1].errorbar(
                    mean, row, xerr=error, color=colour, capsize=4, **_mean(styles[name])
                )
            else:
                axes[1].text(0, row, " diverged", va="center", color=ink(RED), fontsize=SMALL)
    low, high = axes[0].get_xlim()
    edge = low - 0.06 * (high - low) if diverged == "bottom" else high + 0.06 * (high - low)
    for row, count, n, colour in marks:
        axes[0].plot(edge, row, "X", ms=7, color=colour)
        axes[0].annotate(
            f"{count} of {n} diverged", (edge, row), (0, -8), textcoords="offset points",
            color=ink(RED), ha="left" if diverged == "bottom" else "right", va="top",
            fontsize=SMALL,
        )  # fmt: skip
    axes[0].set_yticks(range(len(runs)), [named(name) for name in runs])
    axes[0].set(xlabel=xlabel, ylim=(len(runs) - 0.4, -0.6))
    for axis in axes:
        axis.grid(False, axis="y")
        axis.tick_params(axis="y", length=0)
    if two:
        axes[1].axvline(0, color=BLACK, lw=1)
        axes[1].set(xlabel=f"difference from {named(reference)}, paired ({_unit(percent)})")
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    return figure


def _is_nested(results):
    return isinstance(results, dict) and any(isinstance(line, dict) for line in results.values())


def _runs(results, percent):
    """Returns {setting: [runs], in percent} of results, checked."""
    if not isinstance(results, dict) or not results:
        found = "{}" if isinstance(results, dict) else type(results).__name__
        raise TypeError(f"results: expected {{setting: [one result per run]}}, found {found}")
    runs = {}
    for name, values in results.items():
        values = np.atleast_1d(checked.array(values, f"results of {name!r}")).astype(float)
        if values.ndim != 1 or not len(values):
            raise ValueError(
                f"results of {name!r}: expected one number per run, found the shape {values.shape}"
            )
        finite = values[np.isfinite(values)]
        if percent and len(finite) and not (finite.min() >= 0 and finite.max() <= 1):
            raise ValueError(
                f"results of {name!r}: expected fractions from 0 to 1, found {finite.min():.4g} "
                f"to {finite.max():.4g}; percent=False draws another quantity as it is"
            )
        runs[name] = values * (100 if percent else 1)
    return runs


def _unit(percent):
    return "points" if percent else "same unit"


def _short(setting):
    return plain(setting) if is_ordered([setting]) else str(setting)


def _mean(look):
    return {"marker": look.marker, "ms": 6, "mec": "white", "mew": 0.7, "lw": 1.8}


def _swing(n):
    """Returns n numbers from -1 to 1, so that dots of nearly equal runs do not hide each other."""
    return np.linspace(-1, 1, n) if n > 1 else np.zeros(n)


def _aside(k, n, places, scale):
    """Returns the function that moves line k of n a little aside, so that bars do not overlap."""
    step = (k - (n - 1) / 2) * 0.012
    if scale == "log":
        factor = (max(places) / min(places)) ** step if len(places) > 1 else 1.0
        return lambda x: x * factor
    span = max(places) - min(places) if len(places) > 1 else 1
    return lambda x: x + step * span


def _line(axis, x, runs, name, look):
    """Draws one line of a sweep; returns [(x, diverged, runs, colour), ...] of what diverged."""
    marks = []
    for place, values in zip(x, runs, strict=True):
        finite = values[np.isfinite(values)]
        axis.plot([place] * len(finite), finite, "o", ms=4, color=look.colour, alpha=0.4, mew=0)
        if len(finite) < len(values):
            marks.append((place, len(values) - len(finite), len(values), look.colour))
    means, halves = np.array([mean_interval(values) for values in runs]).T
    label = named(name) or "_"
    axis.plot(
        x, means, color=look.colour, label=label, marker=look.marker, ms=5, mec="white", mew=0.6
    )
    some = np.isfinite(halves)
    axis.errorbar(
        np.array(x)[some], means[some], halves[some], fmt="none", ecolor=look.colour, capsize=3,
        elinewidth=1.2,
    )  # fmt: skip
    return marks


def _mark_diverged(axis, marks, where):
    """Draws the runs that diverged as crosses at the bottom or the top of the axis."""
    height = 0.03 if where == "bottom" else 0.97
    if marks:
        axis.margins(y=0.12)
    for place, count, n, colour in marks:
        axis.plot(
            place, height, "X", ms=7, color=colour, transform=axis.get_xaxis_transform(),
            clip_on=False, zorder=4,
        )  # fmt: skip
        text = "diverged" if count == n else f"{count} of {n} diverged"
        axis.annotate(
            text, (place, height), (-5, -3 if where == "bottom" else 3),
            xycoords=axis.get_xaxis_transform(), textcoords="offset points", rotation=90,
            ha="right", va="bottom" if where == "bottom" else "top", color=ink(RED),
            fontsize=SMALL,
        )  # fmt: skip


def _paired(name, values, reference, others):
    if len(values) != len(others):
        raise ValueError(
            f"{len(values)} runs of {name!r} and {len(others)} of {reference!r}: expected pairs, "
            "run i of both with the same seed"
        )
    return values - others


def _differences(axis, lines, reference, place, styles, scale):
    """Draws, for each line but the reference, the mean of its paired differences from it."""
    axis.axhline(0, color=BLACK, lw=1)
    others = [name for name in lines if name != reference]
    for k, name in enumerate(others):
        aside = _aside(k, len(others), list(place.values()), scale)
        both = [
            setting for setting in place if setting in lines[name] and setting in lines[reference]
        ]
        runs = [
            _paired(name, lines[name][setting], reference, lines[reference][setting])
            for setting in both
        ]
        if not runs:
            raise ValueError(f"{name!r} and {reference!r} have no setting in common")
        _line(axis, [aside(place[setting]) for setting in both], runs, name, styles[name])
