"""Labels beside their lines, colours, and ticks, measured on the drawn figure."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest

from shared import plotting
from shared.plotting import lines, style

NEAR = 12  # pixels


def drawn(ends, gap=0.0, x=None, starts=0.5):
    """Returns (axes, {label: box}) of lines that end at these heights, drawn, in pixels."""
    figure, axes = plotting.panels()
    for i, end in enumerate(ends):
        axes.plot([0, 1], [starts, end], label=f"line {i}")
    plotting.label_lines(axes, gap, x)
    figure.canvas.draw()
    return axes, {text.get_text(): text.get_window_extent() for text in axes.texts}


def middle(box):
    return (box.y0 + box.y1) / 2


def height(axes, y):
    return axes.transData.transform((1, y))[1]


MANY = [[1, 1, 1], [0, 0.01, 0.99, 1], [0.5, 0.52, 0, 0.53, 1], [0.2] * 10, np.linspace(0, 1, 9)]


@pytest.mark.parametrize("ends", MANY)
@pytest.mark.parametrize("gap", [0.0, 0.06, 0.1])
def test_the_boxes_of_labels_do_not_overlap_and_stay_inside_the_axes(ends, gap):
    axes, boxes = drawn(ends, gap)
    frame = axes.get_window_extent()
    boxes = sorted(boxes.values(), key=middle)
    assert len(boxes) == len(ends)
    for below, above in itertools.pairwise(boxes):
        assert above.y0 >= below.y1 - 0.01
        if gap * frame.height * len(ends) < frame.height:
            assert middle(above) - middle(below) >= gap * frame.height - 0.01
    assert frame.y0 - 0.01 <= boxes[0].y0 and boxes[-1].y1 <= frame.y1 + 0.01


def test_a_label_that_collides_with_none_stands_within_12_pixels_of_its_lines_end():
    axes, boxes = drawn([0.5, 0.52, 0.54, 0.1, 0.9])
    for name, end in (("line 3", 0.1), ("line 4", 0.9)):
        assert abs(middle(boxes[name]) - height(axes, end)) < NEAR


def test_a_cluster_of_labels_is_centred_on_its_lines():
    ends = [0.5, 0.52, 0.54, 0.1, 0.9]
    axes, boxes = drawn(ends)
    cluster = [middle(boxes[f"line {i}"]) for i in range(3)]
    assert np.mean(cluster) == pytest.approx(np.mean([height(axes, y) for y in ends[:3]]), abs=1)
    assert np.diff(cluster).min() > 0  # in the order of their lines


def test_labels_follow_limits_and_sizes_that_change_after_the_call():
    figure, axes = plotting.panels()
    axes.plot([0, 1], [0, 0.5], label="line")
    plotting.label_lines(axes)
    axes.set_ylim(-3, 3)
    figure.set_size_inches(5, 4)
    figure.canvas.draw()
    assert middle(axes.texts[0].get_window_extent()) == pytest.approx(height(axes, 0.5), abs=1)


def test_label_lines_writes_each_label_at_its_lines_end():
    figure, axes = plotting.panels()
    axes.plot([1, 2, 3], [100, 200, 300], label="rises")
    axes.plot([1, 2, 3], [300, 200, 100], label="falls")
    axes.plot([1, 2, 3], [150, 250, np.nan], label="ends early")
    axes.plot([1, 2, 3], [300, 300, 300], label="_hidden")
    axes.axhline(200, label="level")
    plotting.label_lines(axes)
    figure.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in axes.texts}
    expected = {"rises": 300, "falls": 100, "ends early": 250, "level": 200}
    assert set(boxes) == set(expected)
    for name, end in expected.items():
        assert abs(middle(boxes[name]) - height(axes, end)) < NEAR
    early = axes.transData.transform((2, 250))[0]
    assert early < boxes["ends early"].x0 < early + NEAR


def test_where_the_limits_cut_a_line_its_label_stands_at_the_cut():
    figure, axes = plotting.panels()
    axes.plot([0, 100], [0, 100], label="by chance")
    axes.set(xlim=(0, 20), ylim=(0, 100))
    plotting.label_lines(axes)
    figure.canvas.draw()
    assert abs(middle(axes.texts[0].get_window_extent()) - height(axes, 20)) < NEAR


def test_an_arrow_says_that_a_line_ends_above_or_below_the_axes():
    figure, axes = plotting.panels()
    axes.plot([0, 1], [0, 50], label="up")
    axes.plot([0, 1], [0, -50], label="down")
    axes.plot([0, 1], [0, 1], label="inside")
    axes.set_ylim(-2, 2)
    plotting.label_lines(axes)
    figure.canvas.draw()
    assert {text.get_text() for text in axes.texts} == {"up ↑", "down ↓", "inside"}


def test_a_label_stands_at_the_chosen_x_just_above_its_line():
    figure, axes = plotting.panels()
    for y in (0.2, 0.8):
        axes.plot([0, 1, 2], [y, y, 0.5], label=f"{y}")
    plotting.label_lines(axes, x={"0.2": 0.5, "0.8": 1.0})
    figure.canvas.draw()
    for text, x, y in zip(axes.texts, (0.5, 1.0), (0.2, 0.8), strict=True):
        box, (place, line) = text.get_window_extent(), axes.transData.transform((x, y))
        assert (box.x0 + box.x1) / 2 == pytest.approx(place, abs=1)
        assert 0 < box.y0 - line < NEAR or 0 < line - box.y1 < NEAR


@pytest.mark.parametrize("x", [None, 0.5])
def test_labels_of_lines_that_coincide_are_stacked(x):
    _, boxes = drawn([0.5, 0.5, 0.5], x=x)
    for below, above in itertools.pairwise(sorted(boxes.values(), key=middle)):
        assert -0.01 < above.y0 - below.y1 < 2


def test_labels_stand_before_lines_that_begin_apart_and_end_together():
    figure, axes = plotting.panels()
    for y in (0.1, 0.5, 0.9):
        axes.plot([1, 2], [y, 0.5], label=f"start {y}")
    plotting.label_lines(axes, x="start")
    figure.canvas.draw()
    for text, y in zip(axes.texts, (0.1, 0.5, 0.9), strict=True):
        box = text.get_window_extent()
        assert abs(middle(box) - height(axes, y)) < NEAR
        assert axes.get_window_extent().x0 < box.x0
        assert 0 < axes.transData.transform((1, y))[0] - box.x1 < NEAR


def test_labels_for_lines_that_are_not_there_are_refused():
    _, axes = plotting.panels()
    axes.plot([0, 1], [0, 1], label="a")
    with pytest.raises(ValueError, match=r"x names \['b'\].*\['a'\]"):
        plotting.label_lines(axes, x={"b": 0.5})


def test_apart_moves_as_little_as_can_be():
    rng = np.random.default_rng(0)
    for _ in range(20):
        n = rng.integers(1, 7)
        wanted, tall = rng.uniform(0, 100, n), rng.uniform(5, 12, n)
        found = lines.apart(wanted, tall, 0, 100)
        order = np.argsort(found)
        low, high = (found - tall / 2)[order], (found + tall / 2)[order]
        assert np.all(low[1:] >= high[:-1] - 1e-9) and low[0] >= -1e-9 and high[-1] <= 100 + 1e-9
        cost = np.sum((found - wanted) ** 2)
        for _ in range(300):  # no arrangement near it that is allowed is cheaper
            other = found + rng.normal(0, 1, n)
            low, high = (other - tall / 2)[order], (other + tall / 2)[order]
            if np.all(low[1:] >= high[:-1]) and low[0] >= 0 and high[-1] <= 100:
                assert np.sum((other - wanted) ** 2) >= cost - 1e-6


COLOURS = [
    *plotting.COLOURS,
    plotting.GREY,
    *(look.colour for look in plotting.looks(range(9)).values()),
]


@pytest.mark.parametrize("colour", COLOURS)
def test_text_is_darker_than_its_line_where_the_line_is_too_light_to_read(colour):
    assert plotting.contrast(plotting.ink(colour)) >= 4.5
    if plotting.contrast(colour) >= 4.5:
        assert plotting.ink(colour) == plt.matplotlib.colors.to_hex(colour)


def test_contrast_is_that_of_wcag():
    assert plotting.contrast("black") == pytest.approx(21)
    assert plotting.contrast("white") == pytest.approx(1)
    assert plotting.contrast("#767676") == pytest.approx(4.54, abs=0.01)  # the known limit


def test_grey_can_be_read_as_it_is():
    assert plotting.contrast(plotting.GREY) >= 4.5


def test_settings_with_an_order_get_colours_with_an_order():
    rates = [0.1, 0.001, 10.0, 0.01]
    found = plotting.looks(rates)
    light = [plotting.contrast(found[rate].colour) for rate in sorted(rates)]
    assert light == sorted(light, reverse=True)
    assert min(light) >= 3


def test_names_without_an_order_differ_by_colour_and_by_marker():
    found = plotting.looks(["SGD", "momentum", "RMSprop", "Adam"])
    assert len({look.colour for look in found.values()}) == 4
    assert len({look.marker for look in found.values()}) == 4


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ((0.08, 1.2), ["0.1", "0.2", "0.5", "1"]),
        ((0.02, 0.6), ["0.02", "0.05", "0.1", "0.2", "0.5"]),
        ((0.8, 12000), ["1", "10", "100", "1,000", "10,000"]),
        ((0.21, 0.29), ["0.22", "0.24", "0.26", "0.28"]),
    ],
)
def test_ticks_of_a_log_axis_are_plain_numbers(limits, expected):
    figure, axes = plotting.panels()
    axes.plot([0, 1], limits)
    axes.set_ylim(limits)
    plotting.log_axis(axes, "y")
    figure.canvas.draw()
    assert [text.get_text() for text in axes.get_yticklabels()] == expected
    assert len(axes.get_yticks(minor=True)) == 0


def test_ticks_that_would_touch_are_left_out():
    figure, axes = plotting.panels(width=4)
    rates = [0.001, 0.5, 0.55, 0.6, 1.0]
    axes.plot(rates, rates)
    plotting.log_axis(axes, "x", rates)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.get_xticklabels()]
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))
    assert [text.get_text() for text in axes.get_xticklabels()][0] == "0.001"


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.5, "50.0%"),
        (0.9991, "99.9%"),
        (0.99951, "99.95%"),
        (0.99999, "99.999%"),
        (1.0, ">99.9999%"),
    ],
)
def test_a_percentage_below_100_is_not_written_as_100(probability, text):
    assert style.percent(probability) == text
