"""Every figure is finished: returned, not left open, small, readable, and no text collides."""

import itertools

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from shared import plotting
from shared.training import History

RNG = np.random.default_rng(0)
NAMES = ["T-shirt", "Trouser", "Pullover", "Dress", "Coat"]
NAMES += ["Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
LABELS = RNG.integers(0, 10, 200)
PROBABILITIES = RNG.dirichlet(np.full(10, 0.1), 200)
IMAGES = RNG.integers(0, 256, (200, 28, 28), np.uint8) * (RNG.random((28, 28)) > 0.8)


def history(epochs, validation=True, kind=History):
    """Returns a History whose loss falls and whose accuracy rises."""
    result = kind()
    falling = 1 / np.arange(1.0, epochs + 1)
    result.history = {"loss": [*falling], "accuracy": [*(1 - 0.8 * falling)]}
    if validation:
        result.history |= {
            "val_loss": [*(falling + 0.1)],
            "val_accuracy": [*(0.99 - 0.8 * falling)],
        }
    return result


RUNS = {
    "ours": history(5),
    "without validation": history(5, validation=False),
    "Keras's": history(5, kind=keras.callbacks.History),
    "one epoch": history(1),
    "hundreds of epochs": history(300),
    "no epoch": History(),
    "several": {"small": history(5), "large": history(5, kind=keras.callbacks.History)},
    "several seeds": {"SGD": [history(5), history(5)], "Adam": [history(4), history(5)]},
    "numbers": {0.001: history(5), 0.1: history(6), 0.01: history(5), 10.0: history(4)},
    "one that diverged": {0.1: history(5), 10.0: history(2), 1e30: History()},
    "twenty": {f"run {k}": history(5) for k in range(20)},
}
RATES = {rate: RNG.uniform(0.9, 0.95, 5) for rate in (0.001, 0.003, 0.01, 0.03, 0.1)}
FIGURES = {
    **{name: lambda runs=runs: plotting.curves(runs, "title") for name, runs in RUNS.items()},
    "log": lambda: plotting.curves(history(5), loss_scale="log"),
    "digits": lambda: plotting.digits(IMAGES[:13], range(13), title="title"),
    "one digit": lambda: plotting.digits(IMAGES[:1], title="A title wider than the image"),
    "weights": lambda: plotting.weights(RNG.standard_normal((10, 28, 28)), range(10)),
    "weights in 5": lambda: plotting.weights(RNG.standard_normal((10, 28, 28)), columns=5),
    "no weight": lambda: plotting.weights(np.zeros((3, 5, 5))),
    "confusion matrix": lambda: plotting.confusion_matrix(LABELS, PROBABILITIES.argmax(axis=1)),
    "ten thousand": lambda: plotting.confusion_matrix(
        np.repeat(LABELS, 50), np.repeat(PROBABILITIES.argmax(axis=1), 50)
    ),
    "class names": lambda: plotting.confusion_matrix(LABELS, LABELS[::-1], NAMES),
    "no mistakes": lambda: plotting.confusion_matrix([0, 1, 1], [0, 1, 1]),
    "mistakes": lambda: plotting.mistakes((IMAGES, LABELS), PROBABILITIES),
    "mistakes, names": lambda: plotting.mistakes((IMAGES, LABELS), PROBABILITIES, 10, NAMES),
    "nothing to show": lambda: plotting.mistakes((np.zeros((1, 28, 28)), [1]), [[0.2, 0.8]]),
    "probabilities": lambda: plotting.probabilities(
        IMAGES[:10], PROBABILITIES[:10], LABELS[:10], title="title"
    ),
    "two probabilities": lambda: plotting.probabilities(IMAGES[:2], PROBABILITIES[:2]),
    "rows": lambda: plotting.rows(
        {"filter": RNG.standard_normal((16, 5, 5)), "strongest\npatch": RNG.random((16, 5, 5))},
        "title",
        signed="filter",
        columns=range(16),
    ),
    "class shares": lambda: plotting.class_shares({"training": LABELS, "test": LABELS[:50]}),
    "calibration": lambda: plotting.calibration(LABELS, PROBABILITIES),
    "histograms": lambda: plotting.histograms({"a": RNG.random((5, 5)), "b": np.zeros(3)}, "title"),
    "sweep": lambda: plotting.sweep(RATES, "learning rate η", "title"),
    "sweep, paired": lambda: plotting.sweep(
        {"a": RATES, "b": RATES | {0.1: [np.nan] * 5, 0.03: [0.9, np.nan, 0.9, 0.9, 0.9]}},
        "learning rate η", "title", reference="a",
    ),
    "sweep, error": lambda: plotting.sweep(
        {n: 0.3 / n**0.5 + 0.01 * RNG.random(5) for n in (1, 10, 100)},
        "images", ylabel="error (%)", yscale="log", diverged="top",
    ),
    "contenders": lambda: plotting.contenders(
        {"SGD": RATES[0.1], "momentum": RATES[0.01], "Adam": [0.9, np.nan, 0.9, 0.9, 0.9]},
        "title", reference="SGD",
    ),
    "layers": lambda: plotting.layers(
        {"std 0.01": [0.01, 1e-4, 1e-6, 0.0], "Xavier": [0.1, 0.02, 0.005, 0.001]}, "std", "title"
    ),
    "layers by depth": lambda: plotting.layers(
        {d: RNG.random((3, d + 1)) for d in (2, 4, 8)}, "norm", setting="depth"
    ),
}  # fmt: skip


@pytest.fixture(params=FIGURES, scope="module")
def figure(request):
    """A figure of each kind, drawn."""
    result = FIGURES[request.param]()
    result.canvas.draw()
    return result


def test_a_figure_is_returned_can_be_drawn_and_is_not_left_open(figure):
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == []


def written(figure):
    """Returns the texts of a figure that can be seen."""
    ticks = set()
    for axes in figure.axes:
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            low, high = sorted(limits)
            for place, text in zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=False):
                if not axes.axison or not low <= place <= high:
                    ticks.add(text)
    for text in figure.findobj(Text):
        if text.get_text().strip() and text.get_visible() and text not in ticks:
            yield text


def test_a_figure_is_at_most_9_by_4_and_a_half_inches_and_100_kilobytes(figure):
    width, height = figure.get_size_inches()
    assert width <= 9.01 and height <= 4.81  # 0.3 more for the title of a grid
    assert len(plotting.png(figure)) < 100_000


def test_text_has_at_least_9_points_and_a_contrast_of_4_and_a_half(figure):
    for text in written(figure):
        assert text.get_fontsize() >= 9, text
        backgrounds = ["white"]
        if text.axes and text in text.axes.texts and text.axes.images and text.axes.axison:
            picture = text.axes.images[0]
            column, row = text.get_position()
            backgrounds = [picture.to_rgba(picture.get_array())[row, column, :3]]
        for background in backgrounds:
            assert plotting.contrast(text.get_color(), background) >= 4.5, text


def test_text_is_inside_the_figure_and_no_text_lies_on_another(figure):
    straight = (text for text in written(figure) if text.get_rotation() % 90 == 0)
    boxes = [(text, text.get_window_extent()) for text in straight]
    page = figure.bbox.padded(4)
    for text, box in boxes:
        assert page.x0 <= box.x0 and box.x1 <= page.x1, text
        assert page.y0 <= box.y0 and box.y1 <= page.y1, text
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across < 2 or down < 2, (one, other)


def test_digits_shows_each_image_with_its_title():
    images = RNG.random((7, 28, 28))
    axes = plotting.digits(images, list("abcdefg"), columns=5).axes
    shown = [(axis.images[0].get_array(), axis.get_title("center")) for axis in axes if axis.images]
    assert [title for _, title in shown] == list("abcdefg")
    np.testing.assert_array_equal([image for image, _ in shown], images)


def test_weights_share_one_scale_with_0_in_the_middle():
    images = RNG.standard_normal((10, 28, 28))
    pictures = [axis.images[0] for axis in plotting.weights(images).axes if axis.images]
    ((low, high),) = {picture.get_clim() for picture in pictures}
    assert low == -high < 0


def test_one_pixel_does_not_set_the_scale_of_the_weights_and_the_bar_says_that_it_is_clipped():
    images = RNG.standard_normal((10, 28, 28)).clip(-2, 2)
    images[3, 5, 5] = 100.0
    figure = plotting.weights(images)
    (limit,) = {axis.images[0].get_clim()[1] for axis in figure.axes if axis.images}
    assert limit <= 2
    assert figure.axes[-1].get_ylabel() == "weight\n-2 to 1e+02\n(clipped)"
    images[3, 5, 5] = 0.0
    assert plotting.weights(images).axes[-1].get_ylabel() == "weight"


@pytest.mark.parametrize("columns", [5, 10])
def test_there_is_no_gap_between_the_rows_of_weights(columns):
    figure = plotting.weights(RNG.standard_normal((20, 28, 28)), columns=columns)
    figure.canvas.draw()
    above, below = (figure.axes[k].get_window_extent() for k in (0, columns))
    assert 0 < above.y0 - below.y1 < 0.1 * above.height
    assert above.width == pytest.approx(above.height, rel=0.02)


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


def test_confusion_matrix_names_the_classes():
    (axes,) = plotting.confusion_matrix([0, 1], [1, 1], ["cat", "dog"]).axes
    for texts in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [text.get_text() for text in texts] == ["cat", "dog"]


def test_mistakes_shows_the_most_confident_ones_first():
    labels = np.array([0, 1, 2, 2])
    probabilities = [[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.2, 0.8, 0.0], [0.5, 0.1, 0.4]]
    images = RNG.random((4, 28, 28))
    figure = plotting.mistakes((images, labels), probabilities, most=2)
    shown = [axis for axis in figure.axes if axis.images]
    titles = [axis.get_title("center") for axis in shown]
    assert titles == ["label 2\npredicted 1\n80.0%", "label 1\npredicted 0\n60.0%"]
    np.testing.assert_allclose(shown[0].images[0].get_array(), images[2], rtol=1e-6)
    assert figure.get_suptitle() == "The most confident of 3 mistakes in 4 images"


def test_no_mistake_is_certain_because_of_rounding():
    images, labels = np.zeros((3, 28, 28)), np.array([1, 1, 1])
    probabilities = [[0.99996, 0.00004], [0.9999995, 0.0000005], [1.0, 0.0]]
    axes = plotting.mistakes((images, labels), probabilities).axes
    last = [axis.get_title("center").split("\n")[-1] for axis in axes]
    assert sorted(last) == ["99.996%", ">99.9999%", ">99.9999%"]


def test_mistakes_says_that_there_are_none():
    (axes,) = plotting.mistakes((np.zeros((2, 28, 28)), [1, 0]), np.eye(2)[[1, 0]]).axes
    assert [text.get_text() for text in axes.texts] == [
        "No mistakes: all 2 are classified correctly"
    ]


def test_probabilities_are_bars_with_the_label_marked():
    shares = np.array([[0.1, 0.2, 0.7]])
    axes = plotting.probabilities(np.zeros((1, 28, 28)), shares, [1]).axes
    (bars,) = [axis for axis in axes if axis.patches]
    assert [bar.get_height() for bar in bars.patches] == pytest.approx([0.1, 0.2, 0.7])
    green = [bar.get_facecolor() == (*plt.matplotlib.colors.to_rgb(plotting.GREEN), 1.0)
             for bar in bars.patches]  # fmt: skip
    assert green == [False, True, False]
    bold = [text.get_fontweight() == "bold" for text in bars.get_xticklabels()]
    assert bold == [False, True, False]


def test_class_shares_add_up_to_100_percent():
    figure = plotting.class_shares({"training": [0, 0, 1, 3]}, classes=4)
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert heights == [50, 25, 0, 25]


def test_calibration_shows_accuracy_and_confidence_of_bins_of_equal_numbers():
    labels = np.array([0] * 80 + [1] * 20)
    probabilities = np.tile([0.9, 0.1], (100, 1))
    figure = plotting.calibration(labels, probabilities, bins=1)
    x, y = figure.axes[0].containers[0].lines[0].get_data()
    assert (*x, *y) == pytest.approx((90, 80))


def test_histograms_names_each_layer_with_its_mean_and_spread():
    figure = plotting.histograms({"first": [1.0, 3.0], "second": [[0.0], [0.0]]})
    titles = [axes.get_title("left") for axes in figure.axes]
    assert titles == ["first\nmean 2, std 1", "second\nmean 0, std 0"]


def test_histograms_says_how_many_values_are_not_finite():
    (axes,) = plotting.histograms({"z": [1.0, 3.0, np.nan, np.inf]}).axes
    assert axes.get_title("left") == "z\nmean 2, std 1\n2 not finite"
