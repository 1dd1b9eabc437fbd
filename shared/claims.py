"""A sentence and the condition that makes it true, and the statistics behind the conditions.

Two ways to train are compared by `paired_difference`, over at least five seeds. Two trained
networks are compared by `paired_images`, on the same images. `accuracy_interval` belongs to one
network; two of its intervals are never compared, since they ignore the pairing.
"""

import math
from typing import NamedTuple

import numpy as np

from shared import checks


def claim(text, condition, **measured):
    """Prints the text as one line if the condition holds; the run stops here if it does not.

    text: a sentence without measured digits, so that the line is the same on every machine.
    condition: one truth value, also as an array or a tensor with one element.
    measured: the values that the condition was computed from, shown when it does not hold.
    Raises AssertionError with the text and the measured values if the condition is false;
    TypeError or ValueError if the condition is not one truth value.
    """
    if not isinstance(text, str):
        raise TypeError(f"the text of a claim is {_kind(text)}: expected a sentence, a str")
    if not _truth(text, condition):
        values = "".join(f"\n  {name} = {value}" for name, value in measured.items())
        raise AssertionError(f"this does not hold here: {text}{values}")
    print(f"✓ {text}")


def _truth(text, condition):
    checks.no_mask(condition, f"the condition of {text!r}")
    if callable(condition):
        raise TypeError(f"the condition of {text!r} is a function: call it, condition()")
    try:
        value = np.asarray(condition)
    except (TypeError, ValueError) as error:  # a list of unequal parts, a symbolic tensor
        raise TypeError(f"the condition of {text!r} is {_kind(condition)}: {error}") from error
    if value.dtype != bool:
        raise TypeError(
            f"the condition of {text!r} is {_kind(condition)}, {condition!r:.80}: expected True or "
            "False, the result of a comparison"
        )
    if value.size != 1:
        raise ValueError(
            f"the condition of {text!r} has shape {value.shape}: expected one truth value; say "
            "which is meant with .all() or .any()"
        )
    return bool(value.item())


def accuracy_interval(accuracy, n):
    """Returns (low, high), the 95 % interval of an accuracy (0 to 1) measured on n examples.

    It says how far the accuracy on ever more images of the same kind may be from the measured one.
    It says nothing about other seeds.
    Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    Raises ValueError or TypeError if the accuracy is not a number from 0 to 1 or n not a count.
    """
    accuracy, n = _number("the accuracy", accuracy), _number("the number of examples", n)
    if not 0 <= accuracy <= 1:
        raise ValueError(
            f"an accuracy of {accuracy:g}: expected 0 to 1 (divide percent by 100, and the number "
            "of correct answers by n)"
        )
    if n < 1 or n != round(n):
        raise ValueError(f"n = {n:g} examples: expected a whole number, at least 1")
    z = 1.96
    centre = (accuracy + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(accuracy * (1 - accuracy) / n + z**2 / (4 * n**2))
    return max(centre - half, 0.0), min(centre + half, 1.0)


class PairedDifference(NamedTuple):
    """The mean of n paired differences and its 95 % interval, in the unit of the measurements."""

    mean: float
    low: float
    high: float
    n: int

    def __str__(self):
        return f"{self.mean:#.3g} ({self.low:#.3g} to {self.high:#.3g}), n = {self.n}"

    @property
    def points(self):
        """The difference of fractions, such as accuracies, as text in percentage points."""
        mean, low, high = (100 * value for value in self[:3])
        return f"{mean:.1f} points ({low:.1f} to {high:.1f})"


def paired_difference(a, b):
    """Returns the PairedDifference of two ways to train: the mean of a[i] - b[i] and its interval.

    a, b: one number per run, such as the final validation accuracies; run i of both has the same
    seed for weights, order, masks and shifts. At least five runs.
    "a is better": low > 0, or above the margin that the sentence names. "No difference":
    -margin < low and high < margin. Otherwise it is not decided by this number of seeds.
    The interval is Student's: it takes the differences to be a sample of a normal distribution.
    Student, "The probable error of a mean" (1908); Bouthillier et al., "Accounting for variance in
    machine learning benchmarks" (2021), on why runs are paired and how much seeds alone change.
    Raises ValueError or TypeError unless a and b are equally long rows of at least five finite
    numbers that are not the same in every run.
    """
    a, b = _row("a", a), _row("b", b)
    if len(a) != len(b):
        raise ValueError(f"{len(a)} runs of a and {len(b)} of b: expected pairs, run by run")
    if len(a) < 5:
        raise ValueError(f"{len(a)} pairs of runs: a comparison takes at least five seeds")
    if np.all(a == a[0]) and np.all(b == b[0]):
        raise ValueError(
            f"every run gave the same, {a[0]:g} and {b[0]:g}: expected results that vary; does "
            "each run have its own seed?"
        )
    from scipy import stats  # here, so that importing this module stays cheap

    difference = a - b
    mean, n = difference.mean(), len(difference)
    half = stats.t.ppf(0.975, n - 1) * difference.std(ddof=1) / math.sqrt(n)
    return PairedDifference(float(mean), float(mean - half), float(mean + half), n)


class PairedImages(NamedTuple):
    """Two networks on the same n images; difference, low and high are fractions, 0.01 a point."""

    difference: float  # accuracy of the first less accuracy of the second
    low: float  # its 95 % interval
    high: float
    p: float  # how likely so uneven a split of the discordant images is for equally good networks
    first_only: int  # images that only the first classifies correctly
    second_only: int
    n: int

    def __str__(self):
        return (
            f"{self.difference:#.3g} ({self.low:#.3g} to {self.high:#.3g}), "
            f"correct in the first only {self.first_only}, in the second only "
            f"{self.second_only}, p = {self.p:#.2g}"
        )


def paired_images(labels, first, second):
    """Returns the PairedImages of two trained networks: McNemar's exact test, image by image.

    labels, first, second: the true and the two predicted classes, int [n], of the same images.
    "The first is better": p < 0.05 and difference > 0. "No difference": low and high lie within the
    margin that the sentence names. It holds for these two networks; other seeds would give others.
    Only images on which one is right and the other wrong count for p: a fair coin should give each
    of them to either network. McNemar, "Note on the sampling error of the difference between
    correlated proportions or percentages" (1947); Dietterich, "Approximate statistical tests for
    comparing supervised classification learning algorithms" (1998). The interval: Agresti and Min,
    "Simple improved confidence intervals for comparing matched proportions" (2005).
    Raises ValueError or TypeError unless these are three equally long rows of integers.
    """
    labels = _classes("labels", labels)
    first, second = _classes("first", first), _classes("second", second)
    if not len(labels) == len(first) == len(second):
        raise ValueError(
            f"{len(labels)} labels, {len(first)} and {len(second)} predicted classes: expected "
            "the same images for all three"
        )
    from scipy import stats

    n = len(labels)
    first_only = int(np.sum((first == labels) & (second != labels)))
    second_only = int(np.sum((first != labels) & (second == labels)))
    discordant, more = first_only + second_only, first_only - second_only
    p = float(stats.binomtest(first_only, discordant).pvalue) if discordant else 1.0
    # Agresti and Min: the usual interval after half an image is added to each of the four counts.
    centre = more / (n + 2)
    half = 1.96 * math.sqrt(discordant + 1 - more**2 / (n + 2)) / (n + 2)
    low, high = max(centre - half, -1.0), min(centre + half, 1.0)
    return PairedImages(more / n, low, high, p, first_only, second_only, n)


def _kind(value):
    return f"of type {type(value).__name__}"


def _array(name, value, kinds, expected):
    """Returns the value as an array whose dtype is of these kinds (letters of NumPy)."""
    checks.no_mask(value, name)
    try:
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} is {_kind(value)}: expected {expected} ({error})") from error
    if array.dtype.kind not in kinds:
        found = _kind(value) if array.dtype == object else f"an array of {array.dtype}"
        raise TypeError(f"{name} is {found}: expected {expected}")
    return array


def _number(name, value):
    array = _array(name, value, "iuf", "a number")
    if array.size != 1 or not np.isfinite(array).all():
        raise ValueError(f"{name} is {value!r:.80}: expected one finite number")
    return array.item()


def _row(name, values):
    row = _array(name, values, "iuf", "one number for each run, as a list or an array").astype(
        float
    )
    if row.ndim != 1:
        raise ValueError(
            f"{name} has shape {row.shape}: expected one number for each run, such as that of the "
            "last epoch"
        )
    if not np.isfinite(row).all():
        run = int(np.flatnonzero(~np.isfinite(row))[0])
        raise ValueError(f"{name}[{run}] is {row[run]}: expected finite numbers; did it diverge?")
    return row


def _classes(name, values):
    expected = "classes, one integer for each image"
    row = np.asarray(_array(name, values, "iuf", expected))
    if row.ndim == 2 and row.shape[1] > 1:
        raise ValueError(
            f"{name} has shape {row.shape}: expected {expected}; take logits.argmax(axis=1)"
        )
    if row.ndim != 1 or len(row) == 0:
        raise ValueError(f"{name} has shape {row.shape}: expected {expected}")
    if row.dtype.kind == "f":
        raise TypeError(f"{name} is an array of {row.dtype}: expected {expected}")
    return row
