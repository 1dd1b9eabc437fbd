"""Figures are returned and not left open, and show the numbers that they were given."""

import itertools

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from shared import plotting
from shared.training import History

RNG = np.random.default_rng(0)


def history(epochs, validation=True, kind=History):
    """Returns a History whose loss falls and whose accuracy rises."""
    result = kind()
    falling = 1 / np.arange(1.0, epochs + 1)
    result.history = {"loss": [*falling], "accuracy": [*(1 - falling)]}
    if validation:
        result.history |= {"val_loss": [*(falling + 0.1)], "val_accuracy": [*(0.9 - falling)]}
    return result


RUNS = {
    "ours": history(5),
    "without validation": history(5, validation=False),
    "Keras's": history(5, kind=keras.callbacks.History),
    "one epoch": history(1),
    "several": {"small": history(5), "large": history(5, kind=keras.callbacks.History)},
    "several seeds": {"SGD": [history(5), history(5)], "Adam": [history(4), history(5)]},
    "one that diverged": {0.1: history(5), 10.0: history(2), 1e30: History()},
}

FIGURES = {
    **{name: lambda runs=runs: plotting.curves(runs, "title") for name, runs in RUNS.items()},
    "log": lambda: plotting.curves(history(5), loss_scale="log"),
    "digits": lambda: plotting.digits(RNG.random((13, 28, 28)), range(13), title="title"),
    "one digit": lambda: plotting.digits(RNG.random((1, 28, 28))),
    "weights": lambda: plotting.weights(RNG.standard_normal((10, 28, 28)), range(10)),
    "confusion matrix": lambda: plotting.confusion_matrix([0, 1, 1], [0, 1, 2]),
    "no mistakes": lambda: plotting.confusion_matrix([0, 1, 1], [0, 1, 1]),
    "nothing to show": lambda: plotting.mistakes((np.zeros((1, 28, 28)), [1]), [[0.2, 0.8]]),
    "histograms": lambda: plotting.histograms({"a": RNG.random((5, 5)), "b": np.zeros(3)}, "title"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_returned_can_be_drawn_and_is_not_left_open(name):
    figure = FIGURES[name]()
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == []
    figure.canvas.draw()


def drawn(axes):
    """Returns {label: heights} of the lines, those without a label of their own left out."""
    return {
        line.get_label(): list(line.get_ydata())
        for line in axes.get_lines()
        if not line.get_label().startswith("_")
    }


@pytest.mark.parametrize("name", ["ours", "Keras's"])
def test_curves_shows_training_and_validation(name):
    run = RUNS[name].history
    loss, accuracy = plotting.curves(RUNS[name]).axes
    assert drawn(loss) == {"training": run["loss"], "validation": run["val_loss"]}
    assert drawn(accuracy)["validation"] == pytest.approx(100 * np.array(run["val_accuracy"]))
    assert list(loss.get_lines()[0].get_xdata()) == [1, 2, 3, 4, 5]


def test_curves_shows_the_mean_and_the_range_of_several_seeds():
    first, second = history(5), history(5)
    second.history["val_loss"] = [value + 1 for value in first.history["val_loss"]]
    loss = plotting.curves({"SGD": [first, second]}).axes[0]
    lower, upper = np.array(first.history["val_loss"]), np.array(second.history["val_loss"])
    assert drawn(loss)["SGD"] == pytest.approx((lower + upper) / 2)
    heights = loss.collections[0].get_paths()[0].vertices[:, 1]
    assert {*lower, *upper} <= {*heights}


def test_curves_leaves_no_run_out():
    loss = plotting.curves({f"run {i}": history(3) for i in range(9)}).axes[0]
    assert len(drawn(loss)) == 9


def labels(axes):
    """Returns {label: height of its text}, in parts of the axes."""
    return {text.get_text(): text.xy[1] for text in axes.texts}


@pytest.mark.parametrize("ends", [[1, 1, 1], [0, 0.01, 0.99, 1], [0.5, 0.52, 0, 0.53, 1]])
@pytest.mark.parametrize("gap", [0.06, 0.1])
def test_label_lines_keeps_the_labels_apart_and_inside(ends, gap):
    _, axes = plotting.panels()
    for i, end in enumerate(ends):
        axes.plot([0, 1], [0.5, end], label=f"line {i}")
    plotting.label_lines(axes, gap)
    heights = sorted(labels(axes).values())
    assert len(heights) == len(ends)
    assert all(b - a > gap - 1e-9 for a, b in itertools.pairwise(heights))
    assert 0 <= heights[0] and heights[-1] <= 1


def test_label_lines_writes_each_label_at_its_lines_end():
    _, axes = plotting.panels()
    axes.plot([1, 2, 3], [100, 200, 300], label="rises")
    axes.plot([1, 2, 3], [300, 200, 100], label="falls")
    axes.plot([1, 2, 3], [100, 200, np.nan], label="ends early")
    axes.plot([1, 2, 3], [300, 300, 300], label="_hidden")
    plotting.label_lines(axes)
    low, high = axes.get_ylim()
    expected = {"rises": 300, "falls": 100, "ends early": 200}
    assert labels(axes) == pytest.approx(
        {name: (end - low) / (high - low) for name, end in expected.items()}
    )


def test_digits_shows_each_image_with_its_title():
    images = RNG.random((7, 28, 28))
    axes = plotting.digits(images, list("abcdefg"), columns=5).axes
    shown = [(axis.images[0].get_array(), axis.get_title("center")) for axis in axes if axis.images]
    assert [title for _, title in shown] == list("abcdefg")
    np.testing.assert_array_equal([image for image, _ in shown], images)


def test_weights_share_one_scale_with_0_in_the_middle():
    images = RNG.standard_normal((10, 28, 28))
    pictures = [axis.images[0] for axis in plotting.weights(images).axes if axis.images]
    low, high = {picture.get_clim() for picture in pictures}.pop()
    assert len({picture.get_clim() for picture in pictures}) == 1
    assert low == -high < 0


def test_one_pixel_does_not_set_the_scale_of_the_weights_and_the_bar_says_that_it_is_clipped():
    images = RNG.standard_normal((10, 28, 28)).clip(-2, 2)
    images[3, 5, 5] = 100.0
    figure = plotting.weights(images)
    (limit,) = {axis.images[0].get_clim()[1] for axis in figure.axes if axis.images}
    assert limit <= 2
    assert figure.axes[-1].get_ylabel() == "weight, clipped;\nfrom -2 to 1e+02"


def test_confusion_matrix_counts_each_pair():
    true, predicted = RNG.integers(0, 10, (2, 500))
    (axes,) = plotting.confusion_matrix(true, predicted).axes
    counts = np.zeros((10, 10), int)
    for text in axes.texts:
        column, row = text.get_position()
        counts[row, column] = int(text.get_text())
    expected = [[np.sum((true == i) & (predicted == j)) for j in range(10)] for i in range(10)]
    np.testing.assert_array_equal(counts, expected)
    assert axes.get_title("left") == f"{np.sum(true != predicted)} mistakes in 500 images"


def test_mistakes_shows_the_most_confident_ones_first():
    labels = np.array([0, 1, 2, 2])
    probabilities = [[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.2, 0.8, 0.0], [0.5, 0.1, 0.4]]
    images = RNG.random((4, 28, 28))
    axes = plotting.mistakes((images, labels), probabilities, most=2).axes
    shown = [axis for axis in axes if axis.images]
    titles = [axis.get_title("center") for axis in shown]
    assert titles == ["label 2\npredicted 1\n80.0%", "label 1\npredicted 0\n60.0%"]
    np.testing.assert_allclose(shown[0].images[0].get_array(), images[2], rtol=1e-6)


def test_histograms_names_each_layer_with_its_mean_and_spread():
    figure = plotting.histograms({"first": [1.0, 3.0], "second": [[0.0], [0.0]]})
    titles = [axes.get_title("left") for axes in figure.axes]
    assert titles == ["first\nmean 2, std 1", "second\nmean 0, std 0"]
