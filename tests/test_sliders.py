"""The figure that the reader can move: what it shows, and when it is drawn again."""

import matplotlib.pyplot as plt
import pytest

from shared import sliders

pytest.importorskip("ipywidgets")


def draw(name="b", rate=0.1, unmoved=3):
    figure, axis = plt.subplots(figsize=(2, 1))
    axis.set_title(f"{name} {rate} {unmoved}")
    plt.close(figure)
    return figure


def controls(shown):
    shown._repr_mimebundle_()
    *boxes, picture = shown._widget.children
    return {box.description: box for box in boxes}, picture


def test_the_output_is_a_widget_a_picture_and_a_sentence():
    data, _ = sliders.Sliders(draw, name=["a", "b"])._repr_mimebundle_()
    assert set(data) == {sliders.WIDGET, "image/png", "text/plain"}
    assert data["image/png"].startswith(b"\x89PNG")


def test_without_ipywidgets_the_picture_and_the_sentence_stay(monkeypatch):
    monkeypatch.setattr(sliders, "ipywidgets", None)
    data, _ = sliders.Sliders(draw, name=["a", "b"])._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}


def test_the_first_values_are_the_defaults_of_the_function():
    boxes, picture = controls(sliders.Sliders(draw, name=["a", "b"], rate=[0.01, 0.1, 1.0]))
    assert {name: box.value for name, box in boxes.items()} == {"name": "b", "rate": 0.1}
    assert bytes(picture.value) == sliders.plotting.png(draw())


def test_a_moved_control_draws_the_figure_anew_with_all_values():
    boxes, picture = controls(sliders.Sliders(draw, name=["a", "b"], rate=[0.01, 0.1, 1.0]))
    boxes["rate"].value = 1.0
    boxes["name"].value = "a"
    assert bytes(picture.value) == sliders.plotting.png(draw("a", 1.0))


def test_a_control_without_an_argument_is_refused():
    with pytest.raises(TypeError, match="no argument speed: found .*rate"):
        sliders.Sliders(draw, speed=[1, 2])


def test_a_default_that_no_control_can_show_is_refused():
    with pytest.raises(ValueError, match="default is 0.1, expected one of"):
        sliders.Sliders(draw, rate=[0.2, 0.3])


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: sliders.Sliders(None, rate=[1]), "draw is None: expected a function"),
        (lambda: sliders.Sliders(draw(), rate=[1]), "draw is a Figure: .*without brackets"),
        (lambda: sliders.Sliders(draw, rate=0.1), "rate is a float: expected the list"),
        (lambda: sliders.Sliders(draw, name="ab"), "name is the string 'ab': expected the list"),
        (lambda: sliders.Sliders(lambda k: None, k=[1, 2]), "needs k: give them defaults"),
        (lambda: sliders.Sliders(lambda k=None: None, k=[None, 1]), "expected numbers or names"),
        (lambda: sliders.Sliders(lambda k=(1, 2): None, k=[(1, 2)]), "expected numbers or names"),
    ],
)
def test_what_no_slider_can_be_made_of_is_refused_before_it_is_shown(make, words):
    with pytest.raises(TypeError, match=words):
        make()
