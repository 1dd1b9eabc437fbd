"""A sentence and the condition that makes it true, checked where the sentence stands."""

import math


def claim(text, condition, **measured):
    """Prints the text as one line if the condition holds; the run stops here if it does not.

    text: a sentence without measured digits, so that the line is the same on every machine.
    measured: the values that the condition was computed from, shown when it does not hold.
    Raises AssertionError with the text and the measured values.
    """
    if not condition:
        values = "".join(f"\n  {name} = {value}" for name, value in measured.items())
        raise AssertionError(f"this does not hold here: {text}{values}")
    print(f"✓ {text}")


def accuracy_interval(accuracy, n):
    """Returns (low, high), the 95 % interval of an accuracy (0 to 1) measured on n examples.

    It says how far the accuracy on ever more images of the same kind may be from the measured one.
    Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    z = 1.96
    centre = (accuracy + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * math.sqrt(accuracy * (1 - accuracy) / n + z**2 / (4 * n**2))
    return max(centre - half, 0.0), min(centre + half, 1.0)
