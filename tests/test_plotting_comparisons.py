"""Figures of final results: every run is there, intervals are Student's, nothing is left out."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from shared import plotting
from shared.claims import paired_difference
from shared.mnist import Split

RNG = np.random.default_rng(0)


def dots(axes):
    """Returns the coordinates of all single points, [points, 2]; not the caps of error bars."""
    points = [line for line in axes.get_lines() if line.get_linestyle() == "None"]
    return np.concatenate([line.get_xydata() for line in points if line.get_marker() in "oX"])


def bars(axes):
    """Returns the ends (low, high) of the error bars, in the order of their drawing."""
    return [
        segment
        for bar in axes.containers
        for part in bar.lines[2]
        for segment in part.get_segments()
    ]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_a_mean_has_students_interval():
    mean, half = plotting.mean_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (mean, half) == pytest.approx((3, 2.776 * np.sqrt(2.5 / 5)), abs=1e-3)
    assert np.isnan(plotting.mean_interval([1.0, 2.0])[1])
    assert np.isnan(plotting.mean_interval([1.0, np.nan, 2.0])).all()


def test_sweep_draws_every_run_the_means_and_their_intervals():
    results = {rate: RNG.uniform(0.9, 0.95, 5) for rate in (0.1, 0.001, 0.01)}
    (axes,) = plotting.sweep(results, "η", "title").axes
    assert sorted(dots(axes)[:, 1]) == pytest.approx(
        sorted(100 * np.concatenate(list(results.values())))
    )
    (means,) = [line for line in axes.get_lines() if line.get_linestyle() == "-" and
                len(line.get_xdata()) == 3]  # fmt: skip
    assert list(means.get_xdata()) == [0.001, 0.01, 0.1]
    for x, (low, high) in zip((0.001, 0.01, 0.1), bars(axes), strict=True):
        mean, half = plotting.mean_interval(100 * results[x])
        assert (low[1], high[1]) == pytest.approx((mean - half, mean + half))
    assert axes.get_xscale() == "log"


@pytest.mark.parametrize("where", ["bottom", "top"])
def test_a_run_that_diverged_is_a_cross_at_the_bad_end_and_is_counted(where):
    results = {0.1: [0.9] * 3, 1.0: [0.9, np.nan, 0.9], 10.0: [np.nan, np.inf, np.nan]}
    figure = plotting.sweep(results, "η", diverged=where)
    (axes,) = figure.axes
    assert {"1 of 3 diverged", "diverged"} <= set(texts(axes))
    figure.canvas.draw()
    frame = axes.get_window_extent()
    crosses = [line for line in axes.get_lines() if line.get_marker() == "X"]
    assert [line.get_xdata()[0] for line in crosses] == [1, 10]
    for line in crosses:
        y = line.get_transform().transform(line.get_xydata())[0, 1]
        assert abs(y - (frame.y0 if where == "bottom" else frame.y1)) < 0.05 * frame.height
    assert len(dots(axes)) == 3 + 2 + 2  # what is finite, and the crosses


def test_the_differences_from_a_reference_are_paired():
    a, b = RNG.uniform(0.9, 0.95, (2, 5))
    figure = plotting.sweep({"a": {1: a}, "b": {1: b}}, "x", reference="a")
    ((low, high),) = bars(figure.axes[1])
    expected = paired_difference(100 * b, 100 * a)
    assert (low[1], high[1]) == pytest.approx((expected.low, expected.high))
    figure = plotting.contenders({"a": a, "b": b}, reference="a")
    ((low, high),) = bars(figure.axes[1])
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high))


def test_settings_without_an_order_stand_side_by_side():
    (axes,) = plotting.sweep({"before": [0.9] * 3, "after": [0.8] * 3}, "place").axes
    assert [text.get_text() for text in axes.get_xticklabels()] == ["before", "after"]


def test_a_setting_of_zero_is_refused_on_a_log_axis_and_drawn_on_an_even_one():
    results = {0.0: [0.9] * 3, 0.1: [0.9] * 3}
    with pytest.raises(ValueError, match='0 has no place on a log axis: scale="even"'):
        plotting.sweep(results, "slope")
    (axes,) = plotting.sweep(results, "slope", scale="even").axes
    assert [text.get_text() for text in axes.get_xticklabels()] == ["0", "0.1"]


def test_contenders_has_a_row_with_all_runs_for_each():
    results = {"SGD": RNG.uniform(0.9, 0.95, 5), "Adam": [0.9, np.nan, 0.8, 0.85]}
    (axes,) = plotting.contenders(results, "title").axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["SGD", "Adam"]
    assert {*np.round(100 * results["SGD"], 6)} < {*np.round(dots(axes)[:, 0], 6)}
    assert texts(axes) == ["1 of 4 diverged"]
    ((low, high),) = bars(axes)  # none for the contender of which a run diverged
    mean, half = plotting.mean_interval(100 * results["SGD"])
    assert (low[0], high[0]) == pytest.approx((mean - half, mean + half))


def test_layers_draws_a_line_for_each_setting_with_its_range():
    values = {"small": [[1.0, 0.1], [3.0, 0.3]], "large": [1.0, 2.0]}
    (axes,) = plotting.layers(values, "std").axes
    lines = {line.get_label(): line for line in axes.get_lines()}
    assert list(lines["small"].get_ydata()) == pytest.approx([2, 0.2])
    assert list(lines["large"].get_xdata()) == [1, 2]
    assert len(axes.collections) == 1
    assert axes.get_yscale() == "log"


def test_a_zero_on_the_log_axis_of_layers_is_marked():
    (axes,) = plotting.layers({"a": [1.0, 0.1, 0.0]}, "std").axes
    assert "0" in texts(axes)


def test_rows_of_weights_are_red_and_blue_about_zero():
    filters, images = RNG.standard_normal((3, 5, 5)), RNG.random((3, 28, 28))
    axes = plotting.rows({"filter": filters, "image": images}, signed="filter").axes
    shown = [axis.images[0] for axis in axes]
    for picture, weights in zip(shown[:3], filters, strict=True):
        assert picture.get_clim() == (-np.abs(weights).max(), np.abs(weights).max())
        assert to_hex(picture.cmap(0.99))[1:3] > to_hex(picture.cmap(0.99))[5:]  # red
    assert shown[3].cmap.name == "gray_r"


IMAGES, LABELS = np.zeros((3, 28, 28)), np.array([0, 1, 2])
SHARES = np.eye(3)
LOGITS = np.array([[3.0, -1.0, 2.0]] * 3)
MASKED = np.ma.masked_array(np.zeros((3, 28, 3), int), np.ones((3, 28, 3)))
PERCENT = {"loss": [1.0, 0.5], "accuracy": [50.0, 80.0]}


class Frame:
    """Like a data frame, whose comparisons are no truth values."""

    def __eq__(self, other):
        raise ValueError("the truth value is ambiguous")


def spread(x, runs):
    return plotting.spread(plotting.panels()[1], x, runs, "label", "red")


@pytest.mark.parametrize("place", [1, -1])
def test_a_channel_of_one_is_taken_off_wherever_it_stands(place):
    figure = plotting.digits(np.expand_dims(IMAGES, place))
    assert [axis.images[0].get_array().shape for axis in figure.axes] == [(28, 28)] * 3


def test_a_loss_that_never_changes_has_a_log_axis(recwarn):
    plotting.png(plotting.curves({"loss": [0.5, 0.5]}, loss_scale="log"))
    assert not recwarn


@pytest.mark.parametrize(
    ("draw", "error", "message"),
    [
        (lambda: plotting.digits(None), TypeError, "images: expected an array.*found None"),
        (lambda: plotting.digits("seven"), TypeError, "images: expected an array"),
        (lambda: plotting.digits(np.zeros((0, 28, 28))), ValueError, "at least one"),
        (lambda: plotting.digits(np.zeros((28, 28))), ValueError, r"images\[None\]"),
        (lambda: plotting.digits(np.zeros((5, 784))), ValueError, r"reshape\(-1, 28, 28\)"),
        (lambda: plotting.digits(IMAGES, [1, 2]), ValueError, "each of 3 images, found 2"),
        (lambda: plotting.digits(IMAGES, "abc"), TypeError, "titles"),
        (lambda: plotting.digits(IMAGES, columns=0), ValueError, "columns=0: expected at least 1"),
        (lambda: plotting.digits(IMAGES, 3), TypeError, "titles: expected one for each image"),
        (lambda: plotting.digits(IMAGES, {0: "a"}), TypeError, "titles.*a dict"),
        (lambda: plotting.digits(IMAGES[0][..., None]), ValueError, "one image with its channels"),
        (lambda: plotting.digits(np.zeros((28, 28, 3))), ValueError, "one image with its channels"),
        (lambda: plotting.digits(Split(IMAGES, LABELS)), TypeError, "whole Split.*its .images"),
        (lambda: plotting.digits(np.zeros((55_000, 2, 2))), ValueError, "55,000 images.*at most"),
        (lambda: plotting.digits(MASKED), ValueError, "images with masked values"),
        (lambda: plotting.weights(np.zeros((784, 10))), ValueError, r"\.T\.reshape\(-1, 28, 28\)"),
        (lambda: plotting.rows({"a": np.zeros((500, 2, 2))}), ValueError, "500 images"),
        (
            lambda: plotting.rows({"a": IMAGES}, signed=3),
            TypeError,
            "signed: expected one for each",
        ),
        (lambda: plotting.rows({"a": IMAGES}, columns=3), TypeError, "titles: expected one"),
        (lambda: plotting.mistakes((IMAGES, LABELS), SHARES, most=0), ValueError, "most=0"),
        (lambda: plotting.confusion_matrix([], []), ValueError, "labels: found none"),
        (lambda: plotting.calibration([], SHARES[:0]), ValueError, "found none"),
        (lambda: plotting.confusion_matrix(MASKED[0, 0], LABELS), ValueError, "with masked values"),
        (lambda: plotting.histograms({"a": [1.0]}, bins=0), ValueError, "bins=0"),
        (lambda: plotting.histograms({"a": [1.0]}, bins="many"), TypeError, "bins='many'"),
        (lambda: plotting.histograms({k: [1.0] for k in range(40)}), ValueError, "at most 12"),
        (lambda: plotting.layers({"a": [1.0]}, "std", names=1), TypeError, "names: expected one"),
        (lambda: plotting.curves(PERCENT), ValueError, "accuracy up to 80.*divide percent"),
        (lambda: plotting.curves({"loss": [1, 0]}, loss_scale="log"), ValueError, "linear"),
        (lambda: plotting.sweep({np.nan: [0.9], 1: [0.8]}, "η"), ValueError, "finite numbers"),
        (lambda: plotting.sweep(Frame(), "η"), TypeError, "one result per run.*found Frame"),
        (lambda: plotting.mean_interval([[0.9, 0.8]]), ValueError, r"the shape \[runs\]"),
        (lambda: plotting.mean_interval(None), TypeError, "found None"),
        (lambda: plotting.mean_interval(["a"]), TypeError, "expected numbers"),
        (lambda: spread(3, [1.0]), ValueError, "x: expected one for each point"),
        (lambda: spread([1, 2], ["a", "b"]), TypeError, "runs: expected numbers"),
        (lambda: plotting.label_lines(plotting.panels(1, 2)[1]), TypeError, "one panel's axes"),
        (lambda: plotting.label_lines(plotting.panels()[1], x="end"), TypeError, "x is the string"),
        (lambda: plotting.weights(IMAGES * np.nan), ValueError, "not finite.*diverged"),
        (lambda: plotting.rows({"a": IMAGES, "b": IMAGES[:2]}), ValueError, "3 a, 2 b"),
        (lambda: plotting.rows({"a": IMAGES}, signed="b"), ValueError, "signed"),
        (lambda: plotting.mistakes((IMAGES, LABELS), LOGITS), ValueError, "tf.nn.softmax"),
        (lambda: plotting.mistakes((IMAGES, LABELS), SHARES[:2]), ValueError, "3 images, 2 prob"),
        (lambda: plotting.mistakes((IMAGES, LABELS), LABELS), ValueError, r"\[n, classes\]"),
        (lambda: plotting.mistakes(None, SHARES), TypeError, "None"),
        (
            lambda: plotting.mistakes((IMAGES, LABELS + 1), SHARES),
            ValueError,
            "0 to 2, found 1 to 3",
        ),
        (lambda: plotting.probabilities(IMAGES, LOGITS), ValueError, "add up to 1"),
        (lambda: plotting.probabilities(IMAGES, SHARES, classes=["a"]), ValueError, "1 names"),
        (lambda: plotting.confusion_matrix(LABELS, LOGITS), ValueError, r"argmax\(axis=1\)"),
        (lambda: plotting.confusion_matrix(LABELS, [1, 2]), ValueError, "3 labels, 2 predictions"),
        (lambda: plotting.confusion_matrix([11], [1]), ValueError, "from 0 to 9, found 11"),
        (lambda: plotting.confusion_matrix([-1], [1]), ValueError, "begin at 0"),
        (lambda: plotting.confusion_matrix([0.5], [1]), ValueError, "integers"),
        (lambda: plotting.confusion_matrix(LABELS, LABELS, "abc"), TypeError, "classes"),
        (lambda: plotting.confusion_matrix(None, LABELS), TypeError, "labels.*None"),
        (lambda: plotting.calibration(LABELS, LOGITS), ValueError, "add up to 1"),
        (lambda: plotting.calibration(LABELS, SHARES), ValueError, "bins=10: expected 1 to 3"),
        (lambda: plotting.class_shares(LABELS), TypeError, "{name: labels}"),
        (lambda: plotting.histograms([1, 2]), TypeError, "{name: array}"),
        (lambda: plotting.histograms({"a": []}), ValueError, "'a': found none"),
        (lambda: plotting.layers({}, "std"), TypeError, "one number per layer"),
        (lambda: plotting.layers({"a": [-1.0]}, "std"), ValueError, 'scale="linear"'),
        (lambda: plotting.layers({"a": [1.0]}, "std", names=["x", "y"]), ValueError, "1 layers"),
        (lambda: plotting.sweep(None, "η"), TypeError, "one result per run"),
        (lambda: plotting.sweep({0.1: [95.0]}, "η"), ValueError, "percent=False"),
        (lambda: plotting.sweep({0.1: []}, "η"), ValueError, "one number per run"),
        (lambda: plotting.sweep({0.1: ["a"]}, "η"), TypeError, "expected numbers"),
        (lambda: plotting.sweep({0.1: [0.9]}, "η", scale="ln"), ValueError, "scale is 'ln'"),
        (lambda: plotting.sweep({1: [0.0]}, "η", yscale="log"), ValueError, 'yscale="linear"'),
        (lambda: plotting.contenders({"a": [0.9]}, reference="b"), ValueError, "reference is 'b'"),
        (
            lambda: plotting.contenders({"a": [0.9, 0.8], "b": [0.9]}, reference="a"),
            ValueError,
            "expected pairs",
        ),
        (lambda: plotting.log_axis(plotting.panels()[1], "z"), ValueError, "which axis"),
        (
            lambda: plotting.spread(plotting.panels()[1], [1, 2], [[1, 2, 3]], "a", "red"),
            ValueError,
            "each of the 2 x",
        ),
    ],
)
def test_bad_input_is_refused_in_words(draw, error, message):
    with pytest.raises(error, match=message):
        draw()
