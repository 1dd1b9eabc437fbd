"""A claim prints its sentence or stops the run; an interval is Wilson's."""

import numpy as np
import pytest

from shared.claims import accuracy_interval, claim


@pytest.mark.parametrize("condition", [True, 1, np.bool_(True), np.array([True])])
def test_a_claim_that_holds_prints_its_sentence_and_nothing_else(condition, capsys):
    claim("two is more than one", condition, two=2)
    assert capsys.readouterr() == ("✓ two is more than one\n", "")


@pytest.mark.parametrize("condition", [False, 0, np.bool_(False), np.nan > 0])
def test_a_claim_that_does_not_hold_raises_with_the_measured_values(condition, capsys):
    with pytest.raises(AssertionError) as error:
        claim("one is more than two", condition, one=1.25, two=[2, 3])
    for part in ("one is more than two", "one = 1.25", "two = [2, 3]"):
        assert part in str(error.value)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "accuracy, n, low, high",
    [
        (0.5, 100, 0.4038, 0.5962),
        (0.0, 10, 0.0, 0.2775),
        (1.0, 10, 0.7225, 1.0),
        (0.9, 50, 0.7864, 0.9565),
    ],
)
def test_the_interval_has_wilsons_values(accuracy, n, low, high):
    assert accuracy_interval(accuracy, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("accuracy", [0.0, 1.0])
def test_the_interval_stays_inside_0_and_1(accuracy):
    for n in (*range(1, 1000), 10_000, 60_000):
        low, high = accuracy_interval(accuracy, n)
        assert 0 <= low <= high <= 1, n


def test_more_examples_make_the_interval_narrower():
    widths = [np.ptp(accuracy_interval(0.98, n)) for n in (100, 1_000, 10_000)]
    assert widths == sorted(widths, reverse=True)
