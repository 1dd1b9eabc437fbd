"""A claim prints its sentence or stops the run; intervals and tests are those of their papers."""

import hypothesis.strategies as st
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from scipy import stats

from shared.claims import accuracy_interval, claim, paired_difference, paired_images

HOLDS = [True, np.bool_(True), np.array([True]), np.array(True), tf.constant(1) > 0]
FAILS = [False, np.bool_(False), np.nan > 0, np.array([False]), tf.constant(1) < 0]


@pytest.mark.parametrize("condition", HOLDS)
def test_a_claim_that_holds_prints_its_sentence_and_nothing_else(condition, capsys):
    claim("two is more than one", condition, two=2)
    assert capsys.readouterr() == ("✓ two is more than one\n", "")


@pytest.mark.parametrize("condition", FAILS)
def test_a_claim_that_does_not_hold_raises_with_the_measured_values(condition, capsys):
    with pytest.raises(AssertionError) as error:
        claim("one is more than two", condition, one=1.25, two=[2, 3])
    for part in ("one is more than two", "one = 1.25", "two = [2, 3]"):
        assert part in str(error.value)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "condition, error, advice",
    [
        (np.array([True, True]), ValueError, r"shape \(2,\).*\.all\(\)"),
        (np.array([True, False]), ValueError, r"\.all\(\)"),
        (np.array([], bool), ValueError, r"shape \(0,\)"),  # all() of nothing is true
        ([True, True], ValueError, r"\.all\(\)"),
        (tf.constant([True, False]), ValueError, r"\.all\(\)"),
        (lambda: False, TypeError, "call it"),
        ("0.98 > 0.97", TypeError, "result of a comparison"),
        (0.98, TypeError, "result of a comparison"),
        (float("nan"), TypeError, "result of a comparison"),
        (1, TypeError, "result of a comparison"),
        (None, TypeError, "result of a comparison"),
        ([[True], [True, False]], TypeError, "type list"),
        ({"a": False}, TypeError, "type dict"),
    ],
)
def test_what_is_not_one_truth_value_neither_holds_nor_fails(condition, error, advice, capsys):
    with pytest.raises(error, match=advice):
        claim("two is more than one", condition)
    assert capsys.readouterr().out == ""


def test_the_text_of_a_claim_comes_first():
    with pytest.raises(TypeError, match="expected a sentence"):
        claim(2 > 1, "two is more than one")


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


@pytest.mark.parametrize(
    "accuracy, n, error, advice",
    [
        (98.5, 10_000, ValueError, "divide percent by 100"),
        (9850, 10_000, ValueError, "divide"),
        (-0.1, 100, ValueError, "expected 0 to 1"),
        (np.nan, 100, ValueError, "finite"),
        ([0.98, 0.97], 100, ValueError, "one finite number"),
        ("0.98", 100, TypeError, "expected a number"),
        (None, 100, TypeError, "expected a number"),
        (0.98, 0, ValueError, "at least 1"),
        (0.98, -5, ValueError, "at least 1"),
        (0.98, 99.5, ValueError, "whole number"),
        (0.98, np.inf, ValueError, "finite"),
        (0.98, np.zeros(100), ValueError, "one finite number"),
        (0.98, "100", TypeError, "number of examples"),
    ],
)
def test_an_interval_of_what_is_no_accuracy_is_refused(accuracy, n, error, advice):
    with pytest.raises(error, match=advice):
        accuracy_interval(accuracy, n)


@pytest.mark.parametrize("accuracy", [np.float32(0.5), tf.constant(0.5), np.array([0.5])])
def test_an_accuracy_may_be_a_number_of_numpy_or_tensorflow(accuracy):
    assert accuracy_interval(accuracy, np.int64(100)) == accuracy_interval(0.5, 100)


# Runs in pairs

measurements = st.floats(-100, 100).map(lambda x: round(x, 3))
runs = st.lists(st.tuples(measurements, measurements), min_size=5, max_size=12).filter(
    lambda pairs: len(set(pairs)) > 1
)


@given(runs)
def test_the_paired_difference_is_that_of_scipys_paired_t_test(pairs):
    a, b = np.transpose(pairs)
    found = paired_difference(a, b)
    assert (found.mean, found.n) == (pytest.approx(np.mean(a - b)), len(pairs))
    if np.ptp(a - b) > 1e-6:  # scipy gives nan where the differences do not vary
        test = stats.ttest_rel(a, b)
        assert found[1:3] == pytest.approx(tuple(test.confidence_interval(0.95)), abs=1e-9)
        if abs(test.pvalue - 0.05) > 1e-9:
            assert (test.pvalue < 0.05) == (found.low > 0 or found.high < 0)


@given(runs)
def test_exchanging_the_two_turns_the_sign(pairs):
    a, b = np.transpose(pairs)
    there, back = paired_difference(a, b), paired_difference(b, a)
    assert (back.mean, back.low, back.high) == (-there.mean, -there.high, -there.low)


@given(runs, measurements, st.floats(0.01, 100))
def test_a_shift_of_both_changes_nothing_and_a_unit_scales_all(pairs, shift, unit):
    a, b = np.transpose(pairs)
    found = np.array(paired_difference(a, b)[:3])
    np.testing.assert_allclose(paired_difference(a + shift, b + shift)[:3], found, atol=1e-9)
    scaled = paired_difference(unit * a, unit * b)[:3]
    np.testing.assert_allclose(scaled, unit * found, rtol=1e-9, atol=1e-9 * unit)


@given(runs, st.randoms(use_true_random=False))
def test_the_order_of_the_pairs_does_not_matter_but_the_pairing_does(pairs, random):
    found = paired_difference(*np.transpose(pairs))
    random.shuffle(pairs)
    np.testing.assert_allclose(paired_difference(*np.transpose(pairs))[:3], found[:3], atol=1e-9)


@pytest.mark.parametrize("n", [5, 20])
def test_95_of_100_intervals_contain_the_true_difference(n):
    """The runs of a pair share most of what varies, as two trainings from one seed do."""
    rng, trials = np.random.default_rng(0), 2000
    shared = rng.normal(size=(trials, n))
    a, b = shared + rng.normal(0.3, 0.5, (trials, n)), shared + rng.normal(0, 0.5, (trials, n))
    found = [paired_difference(*pair) for pair in zip(a, b, strict=True)]
    covered = np.mean([low <= 0.3 <= high for _, low, high, _ in found])
    assert abs(covered - 0.95) < 4 * np.sqrt(0.95 * 0.05 / trials)  # four standard errors


def test_pairing_decides_what_two_separate_intervals_do_not():
    seeds = np.array([0.90, 0.92, 0.94, 0.96, 0.98])
    found = paired_difference(seeds + [0.010, 0.011, 0.009, 0.010, 0.010], seeds)
    assert 0.009 < found.low < found.mean < found.high < 0.011


def test_a_paired_difference_reads_as_a_line():
    assert str(paired_difference([1, 2, 3, 4, 6], [0, 1, 2, 3, 4])) == "1.20 (0.645 to 1.76), n = 5"
    # A whole number keeps its decimals: nbval ignores only digits after a point.
    whole = paired_difference([20, 21, 22, 23, 24], [1, 1, 2, 3, 3])
    assert str(whole) == "20.0 (19.1 to 20.9), n = 5"
    a, b = [0.91, 0.92, 0.93, 0.94, 0.96], [0.90, 0.91, 0.92, 0.93, 0.94]
    assert paired_difference(a, b).points == "1.2 points (0.6 to 1.8)"


FIVE = [0.97, 0.98, 0.96, 0.975, 0.97]


@pytest.mark.parametrize(
    "a, error, advice",
    [
        (FIVE[:4], ValueError, "4 runs of a and 5 of b"),
        (FIVE[:1], ValueError, "expected pairs"),  # would be broadcast
        (0.97, ValueError, "one number for each run"),
        (np.reshape(FIVE, (5, 1)), ValueError, r"shape \(5, 1\)"),  # would make 25 differences
        (np.ones((5, 3)), ValueError, "last epoch"),
        ([0.97, 0.98, np.nan, 0.97, 0.98], ValueError, r"a\[2\] is nan"),
        ([0.97, 0.98, np.inf, 0.97, 0.98], ValueError, "diverge"),
        ([0.97, 0.98, None, 0.97, 0.98], TypeError, "type list"),
        ([FIVE, FIVE[:2]], TypeError, "type list"),
        (dict(enumerate(FIVE)), TypeError, "type dict"),
        ((x for x in FIVE), TypeError, "type generator"),
        ([str(x) for x in FIVE], TypeError, "one number for each run"),
        ([True] * 5, TypeError, "array of bool"),
        (None, TypeError, "NoneType"),
    ],
)
def test_what_is_not_a_number_per_run_is_refused_on_either_side(a, error, advice):
    with pytest.raises(error, match=advice):
        paired_difference(a, FIVE)
    with pytest.raises(error):
        paired_difference(FIVE, a)


@pytest.mark.parametrize("n", [0, 1, 2, 4])
def test_fewer_than_five_seeds_decide_nothing(n):
    with pytest.raises(ValueError, match="at least five seeds"):
        paired_difference(FIVE[:n], FIVE[1 : n + 1])


def test_runs_that_all_gave_the_same_did_not_have_seeds_of_their_own():
    with pytest.raises(ValueError, match="its own seed"):
        paired_difference([0.98] * 5, [0.97] * 5)


def test_lists_arrays_and_tensors_of_any_number_type_are_taken():
    a, b = [4, 2, 3, 5, 6], [1, 2, 3, 4, 4]
    expected = paired_difference(a, b)
    assert paired_difference(tuple(a), np.array(b, np.uint8)) == expected  # 2 - 3 is not 255
    assert paired_difference(tf.constant(a), np.array(b, np.float32)) == expected


# Two networks on the same images


def answers(both, first_only, second_only, neither):
    """Returns labels and two networks' classes with these counts of images."""
    first = np.repeat([1, 1, 0, 0], [both, first_only, second_only, neither])
    second = np.repeat([1, 0, 1, 0], [both, first_only, second_only, neither])
    return np.ones(len(first), int), first, second


@pytest.mark.parametrize(
    "first_only, second_only, p",
    [
        (0, 0, 1),
        (1, 0, 1),
        (5, 5, 1),
        (5, 0, 2 / 2**5),
        (0, 6, 2 / 2**6),
        (8, 2, 2 * (1 + 10 + 45) / 2**10),
        (10, 5, 2 * (1 + 15 + 105 + 455 + 1365 + 3003) / 2**15),
    ],
)
def test_mcnemars_test_has_the_values_of_a_fair_coin(first_only, second_only, p):
    found = paired_images(*answers(900, first_only, second_only, 50))
    assert found.p == pytest.approx(p)
    assert (found.first_only, found.second_only) == (first_only, second_only)
    assert found.n == 950 + first_only + second_only
    assert found.difference == pytest.approx((first_only - second_only) / found.n)
    assert found.low <= found.difference <= found.high


def test_the_interval_has_the_values_of_agresti_and_min():
    """Their formula by hand, on 1600 approval ratings from Agresti, "Categorical Data Analysis"."""
    found = paired_images(*answers(794, 150, 86, 570))
    centre, discordant, n = 64 / 1602, 237, 1602
    half = 1.96 * np.sqrt((discordant - 64**2 / n) / n**2)
    assert (found.low, found.high) == pytest.approx((centre - half, centre + half))
    assert (found.low, found.high) == pytest.approx((0.021, 0.059), abs=5e-4)


counts = st.tuples(*4 * [st.integers(0, 40)]).filter(any)


@given(counts, st.randoms(use_true_random=False))
def test_exchanging_networks_turns_the_sign_and_the_order_of_images_does_not_matter(counts, random):
    labels, first, second = answers(*counts)
    found = paired_images(labels, first, second)
    back = paired_images(labels, second, first)
    assert back.difference == -found.difference and back.p == pytest.approx(found.p)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))
    order = list(range(len(labels)))
    random.shuffle(order)
    assert paired_images(labels[order], first[order], second[order]) == found


@given(counts)
def test_the_difference_is_that_of_the_accuracies_and_all_values_are_in_range(counts):
    labels, first, second = answers(*counts)
    found = paired_images(labels, first, second)
    accuracies = np.mean(first == labels), np.mean(second == labels)
    assert found.difference == pytest.approx(accuracies[0] - accuracies[1])
    assert -1 <= found.low <= found.high <= 1 and 0 <= found.p <= 1


@pytest.mark.parametrize("rates", [(0.015, 0.015), (0.03, 0.01), (0.001, 0.0)])
def test_95_of_100_intervals_contain_the_true_difference_of_two_networks(rates):
    rng, trials, n = np.random.default_rng(0), 1000, 1000
    covered = false_alarms = 0
    for first_only, second_only, rest in rng.multinomial(n, [*rates, 1 - sum(rates)], trials):
        found = paired_images(*answers(rest, first_only, second_only, 0))
        covered += found.low <= rates[0] - rates[1] <= found.high
        false_alarms += found.p < 0.05
    assert covered / trials > 0.95 - 4 * np.sqrt(0.95 * 0.05 / trials)
    if rates[0] == rates[1]:
        assert false_alarms / trials < 0.05


@pytest.mark.parametrize(
    "first, error, advice",
    [
        (np.zeros((4, 10)), ValueError, r"argmax\(axis=1\)"),
        (np.zeros((4, 1), int), ValueError, r"shape \(4, 1\)"),
        (np.zeros(3, int), ValueError, "the same images"),
        (np.array([0.1, 0.2, 0.9, 0.3]), TypeError, "float64"),
        (np.array([True, False, True, True]), TypeError, "bool"),
        (["7", "2", "1", "0"], TypeError, "one integer"),
        (None, TypeError, "NoneType"),
        (7, ValueError, "one integer"),
    ],
)
def test_what_is_not_a_class_per_image_is_refused_on_either_side(first, error, advice):
    labels, other = [7, 2, 1, 0], np.array([7, 2, 1, 1], np.uint8)
    with pytest.raises(error, match=advice):
        paired_images(labels, first, other)
    with pytest.raises(error):
        paired_images(labels, other, first)


def test_no_image_decides_nothing():
    with pytest.raises(ValueError, match=r"shape \(0,\)"):
        paired_images(np.array([], int), np.array([], int), np.array([], int))


def test_masked_values_decide_nothing():
    masked = np.ma.masked_array(np.arange(5), [1, 0, 0, 0, 0])
    for compare in (
        lambda: paired_difference(masked, np.arange(5.0)),
        lambda: paired_images(np.arange(5), masked, np.arange(5)),
        lambda: accuracy_interval(np.ma.masked, 10),
        lambda: claim("all is well", masked[:1] == 0),
    ):
        with pytest.raises(ValueError, match="masked values"):
            compare()
