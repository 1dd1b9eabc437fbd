"""Curves of loss and accuracy: whatever a History holds is shown, or refused in words."""

import keras
import numpy as np
import pytest

from shared import plotting
from shared.training import History


def history(loss, kind=History, **others):
    result = kind()
    result.history = {"loss": [*loss], **{key: [*values] for key, values in others.items()}}
    return result


def falling(epochs, shift=0.0):
    loss = 1 / np.arange(1.0, epochs + 1) + shift
    accuracy = 0.9 - 0.5 * loss
    return history(loss, accuracy=accuracy, val_loss=loss + 0.1, val_accuracy=accuracy - 0.05)


def shown(axes):
    """Returns {label: heights} of the lines, those without a label of their own left out."""
    return {
        line.get_label(): list(line.get_ydata())
        for line in axes.get_lines()
        if not line.get_label().startswith("_")
    }


def said(figure):
    return " ".join(text.get_text() for text in figure.texts)


@pytest.mark.parametrize("kind", [History, keras.callbacks.History])
def test_curves_shows_training_and_validation(kind):
    run = history([3, 2, 1], kind, accuracy=[0.1, 0.2, 0.3], val_loss=[4, 3, 2],
                  val_accuracy=[0.2, 0.3, 0.4])  # fmt: skip
    loss, accuracy = plotting.curves(run).axes
    assert shown(loss) == {"training": [3, 2, 1], "validation": [4, 3, 2]}
    assert shown(accuracy)["validation"] == pytest.approx([20, 30, 40])
    assert list(loss.get_lines()[0].get_xdata()) == [1, 2, 3]


def test_training_and_validation_differ_by_more_than_colour():
    training, validation = plotting.curves(falling(5)).axes[0].get_lines()
    assert training.get_linestyle() != validation.get_linestyle()
    assert training.get_marker() != validation.get_marker()


def test_curves_shows_the_mean_and_the_range_of_several_seeds():
    loss = plotting.curves({"SGD": [falling(5), falling(5, 1.0)]}).axes[0]
    lower = np.array(falling(5).history["val_loss"])
    assert shown(loss)["SGD"] == pytest.approx(lower + 0.5)
    heights = loss.collections[0].get_paths()[0].vertices[:, 1]
    assert heights.min() == pytest.approx(lower.min())
    assert heights.max() == pytest.approx(lower.max() + 1)


def test_a_seed_that_goes_on_longer_than_another_is_drawn_to_its_end():
    loss = plotting.curves({"SGD": [falling(3), falling(6)]}).axes[0]
    assert max(line.get_xdata()[-1] for line in loss.get_lines()) == 6


def test_curves_leaves_no_run_out():
    figure = plotting.curves({f"run {i}": falling(3) for i in range(15)})
    for axes in figure.axes:
        assert len(shown(axes)) == len(axes.texts) == 15


def test_the_first_epoch_does_not_set_the_range_and_its_line_leaves_the_axis():
    accuracy = [0.3, 0.95, 0.97, 0.975, 0.98]
    run = history([9, 0.3, 0.2, 0.15, 0.1], accuracy=accuracy)
    loss, panel = plotting.curves(run).axes
    low, high = panel.get_ylim()
    assert 90 < low < 95 and 98 < high < 100
    assert loss.get_ylim()[1] < 1
    assert shown(panel)["training"] == pytest.approx(100 * np.array(accuracy))  # it is still drawn


def test_the_end_of_a_run_is_never_outside():
    runs = {"falls": history([0.1, 0.1, 0.1, 0.1, 0.1], accuracy=[0.9, 0.95, 0.96, 0.9, 0.2]),
            "short": history([0.1], accuracy=[0.5])}  # fmt: skip
    low, high = plotting.curves(runs).axes[1].get_ylim()
    assert low < 20 and high > 96


def test_a_run_that_is_far_above_all_others_leaves_the_axis_and_its_label_says_so():
    runs = {0.1: falling(5), 10.0: history([9, 900, 9e5], val_loss=[9, 900, 9e5])}
    runs[10.0].history |= {"accuracy": [0.1] * 3, "val_accuracy": [0.1] * 3}
    figure = plotting.curves(runs, setting="η")
    figure.canvas.draw()
    loss = figure.axes[0]
    assert loss.get_ylim()[1] < 10
    assert {text.get_text() for text in loss.texts} == {"η = 0.1", "η = 10 ↑"}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_run_that_diverged_is_drawn_as_far_as_it_is_finite_and_named(bad):
    run = history([0.5, 0.4, bad, bad], accuracy=[0.8, 0.85, 0.1, 0.1])
    figure = plotting.curves({"good": falling(4), "bad": run})
    loss, accuracy = figure.axes
    assert shown(loss)["bad"] == [0.5, 0.4]
    assert shown(accuracy)["bad"] == pytest.approx([80, 85])
    assert "bad: diverged" in said(figure)


def test_a_run_without_a_finite_epoch_is_named():
    figure = plotting.curves({0.1: falling(3), 1e30: History(), 1e31: history([np.nan] * 3)})
    assert "1e+30: no finite epoch" in said(figure)
    assert "1e+31: no finite epoch" in said(figure)
    assert "no finite epoch" in said(plotting.curves(History()))


def test_of_several_seeds_the_number_of_those_that_diverged_is_said():
    figure = plotting.curves({"SGD": [falling(3), History(), falling(3)]})
    assert "SGD: no finite epoch (1 of 3)" in said(figure)
    assert len(shown(figure.axes[0])["SGD"]) == 3


@pytest.mark.parametrize("key", ["acc", "sparse_categorical_accuracy", "categorical_accuracy"])
def test_the_accuracy_is_found_under_kerass_names(key):
    run = history([1, 0.5], **{key: [0.5, 0.7], f"val_{key}": [0.4, 0.6]})
    run.history["sparse_top_k_categorical_accuracy"] = [0.9, 0.95]
    _, accuracy = plotting.curves(run).axes
    assert shown(accuracy) == {
        "training": pytest.approx([50, 70]),
        "validation": pytest.approx([40, 60]),
    }


def test_two_accuracies_are_refused():
    run = history([1, 0.5], digit_accuracy=[0, 0], parity_accuracy=[0, 0])
    with pytest.raises(ValueError, match=r"one accuracy.*digit_accuracy.*parity_accuracy"):
        plotting.curves(run)


def test_without_an_accuracy_the_loss_is_drawn_and_the_figure_says_so():
    figure = plotting.curves(history([1, 0.5], val_loss=[1, 0.6]))
    (loss,) = figure.axes
    assert set(shown(loss)) == {"training", "validation"}
    assert "no accuracy was recorded" in said(figure)


def test_a_history_without_a_loss_is_refused_with_its_keys():
    run = History()
    run.history = {"accuracy": [0.5], "mse": [1.0]}
    with pytest.raises(ValueError, match=r'"loss".*accuracy.*mse'):
        plotting.curves({"a": run})


def test_without_validation_training_is_drawn_and_labelled():
    runs = {"a": history([1, 0.5], accuracy=[0.5, 0.7]), "b": history([2, 1], accuracy=[0.5, 0.7])}
    for axes in plotting.curves(runs).axes:
        assert set(shown(axes)) == {"a", "b"}


def test_validation_every_second_epoch_stands_at_its_epochs():
    run = history([4, 3, 2, 1], val_loss=[3, 1])
    _, validation = plotting.curves(run).axes[0].get_lines()
    assert list(validation.get_xdata()) == [2, 4]


def test_the_dictionary_inside_a_history_is_a_history():
    assert shown(plotting.curves(falling(3).history).axes[0]) == shown(
        plotting.curves(falling(3)).axes[0]
    )


def test_one_epoch_is_seen_as_points():
    for line in plotting.curves(falling(1)).axes[0].get_lines():
        assert line.get_marker() not in ("None", "", None)


def test_of_hundreds_of_epochs_ten_or_so_are_marked():
    (_, validation) = plotting.curves(falling(400)).axes[0].get_lines()
    assert 400 / validation.get_markevery() <= 10


def test_numbers_get_colours_with_an_order_whatever_their_order_in_the_runs():
    axes = plotting.curves({1.0: falling(3), 0.01: falling(3), 0.1: falling(3)}).axes[0]
    colour = {line.get_label(): line.get_color() for line in axes.get_lines()}
    contrast = [plotting.contrast(colour[name]) for name in ("0.01", "0.1", "1")]
    assert contrast == sorted(contrast, reverse=True)


def test_ticks_of_the_log_loss_are_plain_numbers():
    figure = plotting.curves(history(np.geomspace(1.1, 0.09, 6)), loss_scale="log")
    figure.canvas.draw()
    ticks = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert ticks == ["0.1", "0.2", "0.5", "1"]


class Model:
    """A model keeps its History as .history."""

    history = falling(2)


@pytest.mark.parametrize(
    ("runs", "error", "message"),
    [
        (None, TypeError, "expected a History, as fit returns it, found NoneType"),
        ("history", TypeError, "expected a History.*found str"),
        ([1.0, 0.5], TypeError, "expected a History"),
        (Model(), TypeError, "found Model; of a model that is its .history"),
        ({}, ValueError, "no runs to draw"),
        ({"a": []}, ValueError, "run 'a'.*at least one"),
        ({"a": None}, TypeError, "run 'a': expected a History"),
        (history([[1, 2], [3, 4]]), ValueError, "one number per epoch"),
        (history(["a"]), TypeError, "loss: expected numbers"),
    ],
)
def test_what_is_no_history_is_refused_in_words(runs, error, message):
    with pytest.raises(error, match=message):
        plotting.curves(runs)


def test_more_runs_than_labels_find_room_are_refused_with_advice():
    with pytest.raises(ValueError, match="21 runs: expected at most 20.*plotting.sweep"):
        plotting.curves({k: falling(2) for k in range(21)})


def test_a_long_name_leaves_room_for_the_panel():
    figure = plotting.curves({"four hidden layers of sigmoids, " * 3: falling(3)})
    figure.canvas.draw()
    for axes in figure.axes:
        assert axes.get_window_extent().width > 0.2 * figure.bbox.width
        assert axes.texts[0].get_window_extent().x1 < figure.bbox.width


def test_another_scale_is_refused():
    with pytest.raises(ValueError, match="loss_scale is 'symlog'"):
        plotting.curves(falling(3), loss_scale="symlog")
