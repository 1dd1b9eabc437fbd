"""Loss and accuracy against the epoch, for one training or many."""

import textwrap

import numpy as np

from shared.plotting import checked
from shared.plotting.lines import label_lines, spread
from shared.plotting.style import (
    SMALL,
    TRAINING,
    VALIDATION,
    Look,
    ink,
    log_axis,
    looks,
    named,
    panels,
)

PANELS = {"loss": ("loss", 1), "accuracy": ("accuracy (%)", 100)}
MOST = 6  # runs, of which training is drawn, too
LABELS = 20  # runs that can be labelled in text of 9 points


def curves(runs, title=None, loss_scale="linear", setting=None):
    """Draws loss and accuracy against the epoch and returns the figure.

    runs: a History (ours or Keras's), drawn as training and validation; or {name: History}, or
    {name: [History, ...]} for several seeds, drawn as one colour each: validation as a line with
    its range over the seeds, and of up to six runs also training, dashed. Names that are
    numbers get colours with an order. loss_scale: "linear" or "log". setting: what the names are,
    "η" for labels such as "η = 0.1".

    What the first epochs alone would add to an axis is cut off: the line comes in from its edge.
    A run that diverged is drawn as far as it is finite and named as diverged. Without an accuracy
    in the histories only the loss is drawn. Raises TypeError for what is no History, and
    ValueError for a History without a loss or with more than one accuracy.
    """
    if loss_scale not in ("linear", "log"):
        raise ValueError(f'loss_scale is {loss_scale!r}: expected "linear" or "log"')
    several = isinstance(runs, dict) and not _is_record(runs)
    groups, notes = _groups(runs if several else {"": runs}, setting)
    keys = {key for group in groups.values() for record in group for key in record} - {"diverged"}
    shown = [key for key in PANELS if key in keys or f"val_{key}" in keys] or ["loss"]
    height = min(4.5, max(3.2, 1.2 + 0.17 * len(groups))) if several else 3.2
    figure, axes = panels(1, len(shown), height=height, layout=None, squeeze=False)
    axes = axes[0]
    for axis, key in zip(axes, shown, strict=True):
        drawn = _panel(axis, groups, key, several)
        axis.set_xlabel("epoch")
        axis.set_title(PANELS[key][0], y=1.0)  # a place that need not be looked for
        if key == "loss" and loss_scale == "log":
            if any(np.any(values <= 0) for series in drawn for _, values in series):
                raise ValueError(
                    'a loss of 0 or less has no place on a log axis: loss_scale="linear"'
                )
            log_axis(axis, "y")
        elif drawn:
            _limits(axis, drawn, key == "loss")
        _whole_epochs(axis, drawn)
        label_lines(axis)
    if several and any("val_loss" in record for group in groups.values() for record in group):
        notes.insert(
            0, "validation" if len(groups) > MOST else "solid: validation, dashed: training"
        )
    if "accuracy" not in shown and "loss" in keys:
        notes.append('no accuracy was recorded: compile(..., metrics=["accuracy"])')
    figure.text(
        0.995, 0.01, "   ".join(notes), ha="right", va="bottom", color=ink("grey"), size=SMALL
    )
    if title:
        figure.suptitle(title, x=0.01, ha="left")
    _fit(figure, axes, 0.2 * bool(notes), 0.24 * bool(title))
    return figure


def _is_record(runs):
    """Whether this is what a History holds, {"loss": [...], ...}, and not {name: run}."""
    return "loss" in runs and np.ndim(runs["loss"]) == 1 and not hasattr(runs["loss"][0], "history")


def _groups(runs, setting):
    """Returns {label: [record, ...]} in the order of runs, and what must be said about them."""
    if not runs:
        raise ValueError("no runs to draw: expected a History or {name: History}, found {}")
    if len(runs) > LABELS:
        raise ValueError(
            f"{len(runs)} runs: expected at most {LABELS}, whose labels find room; plotting.sweep "
            "draws the final results of more"
        )
    groups, notes = {}, []
    for name, group in runs.items():
        label = named(name, setting)
        group = list(group) if isinstance(group, (list, tuple)) else [group]
        if not group:
            raise ValueError(f"run {label!r}: expected at least one History, found none")
        records = [_record(run, label) for run in group]
        for said, ended in (
            ("no finite epoch", [not record for record in records]),
            ("diverged", [record.get("diverged", False) for record in records]),
        ):
            if any(ended):
                count = f" ({sum(ended)} of {len(ended)})" if len(ended) > 1 else ""
                notes.append(f"{label}: {said}{count}".removeprefix(": "))
        groups[name, label] = [record for record in records if record]
    return groups, notes


def _record(run, label):
    """Returns {"loss": (epochs, values), "val_loss": ..., "accuracy": ...} of one run, all finite.

    Also "diverged", whether a loss was not finite; {} if there is no epoch.
    """
    history = getattr(run, "history", run)
    where = f"run {label!r}: " if label else ""
    if not isinstance(history, dict):
        advice = "; of a model that is its .history" if hasattr(history, "history") else ""
        raise TypeError(
            f"{where}expected a History, as fit returns it, found {type(run).__name__}{advice}"
        )
    if not history:
        return {}
    if "loss" not in history:
        raise ValueError(f'{where}expected the key "loss" in the History, found {list(history)}')
    accuracy = _accuracy(history, where)
    record = {"diverged": False}
    n, end = len(history["loss"]), np.inf
    for prefix in ("", "val_"):
        for name, key in (("loss", "loss"), ("accuracy", accuracy)):
            values = checked.array(history.get(f"{prefix}{key}", []), f"{where}{prefix}{key}")
            values = values.astype(float)
            if values.ndim != 1:
                raise ValueError(
                    f"{where}{prefix}{key}: expected one number per epoch, found the shape "
                    f"{values.shape}"
                )
            if not len(values):
                continue
            every = max(1, n // len(values))  # Keras's validation_freq
            finite = np.isfinite(values)
            last = len(values) if finite.all() else int(finite.argmin())
            if name == "accuracy" and values[finite].max(initial=0) > 1.001:
                raise ValueError(
                    f"{where}{prefix}{key} up to {values[finite].max():g}: expected fractions "
                    "from 0 to 1; divide percent by 100"
                )
            record["diverged"] |= last < len(values)
            end = min(end, every * last) if last < len(values) else end
            record[prefix + name] = every * np.arange(1, len(values) + 1), PANELS[name][1] * values
    if not n or end == 0:
        return {}
    for key in record.keys() - {"diverged"}:  # what comes after a loss of nan means nothing
        epochs, values = record[key]
        record[key] = epochs[epochs <= end], values[epochs <= end]
    return record


def _accuracy(history, where):
    """Returns the key of the accuracy: Keras names it after the metric ("acc" among others)."""
    for key in ("accuracy", "acc"):
        if key in history:
            return key
    found = [
        key
        for key in history
        if key.endswith("accuracy") and not key.startswith("val_") and "top_k" not in key
    ]
    if len(found) > 1:
        raise ValueError(f'{where}expected one accuracy, "accuracy", found {found}')
    return found[0] if found else "accuracy"


def _panel(axis, groups, key, several):
    """Draws one panel; returns the curves in it, a list [[epochs, values], ...] for each group."""
    if not several:
        (group,) = groups.values()
        kinds = (
            ("training", "", TRAINING, "--", None),
            ("validation", "val_", VALIDATION, "-", "o"),
        )
        series = []
        for label, prefix, colour, style, marker in kinds:
            look = Look(colour, marker)
            series += _group(axis, group, prefix + key, label, look, style, 1.8)
        return [series] if series else []
    styles, drawn = looks(name for name, _ in groups), []
    for (name, label), group in groups.items():
        look, label = styles[name], textwrap.fill(label, 24)
        solid = _group(axis, group, f"val_{key}", label, look, "-", 1.8)
        text = f"_{label}" if solid else label
        if solid and len(groups) > MOST:
            drawn.append(solid)
            continue
        dashed = _group(axis, group, key, text, Look(look.colour, None), "--", 1.0)
        if solid or dashed:
            drawn.append(solid + dashed)
    return drawn


def _group(axis, group, key, label, look, style, width):
    """Draws the mean and range of some runs, and alone those that go on; returns their curves."""
    group = [record for record in group if len(record.get(key, ([], []))[1])]
    series = [record[key] for record in group]
    if not series:
        return []
    shortest = min(len(values) for _, values in series)
    epochs = min((x for x, _ in series), key=len)
    each = max(1, shortest // 8)
    marker = look.marker or ("s" if shortest == 1 else None)
    spread(
        axis, epochs, [values[:shortest] for _, values in series], label, look.colour,
        ls=style, lw=width, marker=marker, ms=4, markevery=each,
    )  # fmt: skip
    for x, values in series:
        if len(values) > shortest:
            axis.plot(x[shortest - 1 :], values[shortest - 1 :], style, color=look.colour, lw=0.7)
    for record in group:
        if record["diverged"]:
            x, values = record[key]
            axis.plot(x[-1], values[-1], "X", color=look.colour, ms=8)
    return series


def _limits(axis, drawn, is_loss):
    """Keeps the first epochs, and a run far above all others, from setting the range of an axis."""

    def settled(values):  # from the second epoch on, or after 5 % of many
        return values[max(1, len(values) // 20) :] if len(values) >= 4 else values

    sign = 1 if is_loss else -1  # the bad end is above for the loss, below for the accuracy
    worst = [max(sign * settled(values).max() if is_loss else -settled(values).min()
                 for _, values in series) for series in drawn]  # fmt: skip
    if is_loss:
        worst = [value for value in worst if value <= 20 * max(min(worst), 1e-12)]
    everything = np.concatenate([values for series in drawn for _, values in series]) * sign
    bad, good = max(worst), everything.min()
    span = bad - good
    if span > 0 and everything.max() > bad + 0.25 * span:
        ends = sorted((sign * (bad + 0.06 * span), sign * (good - 0.06 * span)))
        axis.set_ylim(*ends)


def _whole_epochs(axis, drawn):
    last = max((x[-1] for series in drawn for x, _ in series), default=1)
    axis.set_xlim(*((0.5, 1.5) if last == 1 else (1 - 0.03 * (last - 1), last + 0.03 * (last - 1))))
    axis.xaxis.get_major_locator().set_params(integer=True, nbins=8, steps=[1, 2, 5, 10])
    if last <= 8:
        axis.set_xticks(range(1, last + 1))


def _fit(figure, axes, below, above):
    """Places the panels so that their labels find room: quicker than a constrained layout."""
    width, height = figure.get_size_inches()
    column = width / len(axes)
    for k, axis in enumerate(axes):
        texts = [text.get_window_extent().width / figure.dpi for text in axis.texts]
        right = max(texts, default=0) + 0.15
        left = k * column + 0.55
        axis.set_position(
            [
                left / width,
                (0.5 + below) / height,
                max(column - 0.55 - right, 0.3 * column) / width,
                (height - 0.8 - below - above) / height,
            ]
        )
