"""A figure in the notebook that the reader can move: a control for each argument of a function.

    sliders.Sliders(valley, optimizer=["SGD", "Adam"], rate=[0.01, 0.1])    the last line of a cell

The function's defaults are the first values. A notebook that is stored, or read without a kernel,
shows the figure with these.
"""

import inspect
import numbers

from shared import checks, plotting

try:
    import ipywidgets
except ImportError:  # then the picture is all there is
    ipywidgets = None

VARIABLE = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
SENTENCE = "Run this cell to move the sliders."
WIDGET = "application/vnd.jupyter.widget-view+json"


def _values(name, values):
    """Returns the list of a control's values, numbers or names."""
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise TypeError(f"{name} is {checks.kind(values)}: expected the list of its values")
    values = list(values)
    if not all(isinstance(value, numbers.Real | str) for value in values):
        raise TypeError(f"{name} has the values {values}: expected numbers or names")
    return values


class Sliders:
    """A figure with a slider, or a menu of names, for each control; the last line of a cell.

    draw: a function that returns a figure; each control is an argument of it, with a default.
    controls: {argument: its values in order}, numbers or names, the default among them.
    Raises TypeError if draw has no such argument, ValueError if a default is not among the values.
    """

    def __init__(self, draw, **controls):
        if not callable(draw):
            raise TypeError(f"draw is {checks.kind(draw)}: expected a function, without brackets")
        arguments = inspect.signature(draw).parameters
        self.draw, self._widget = draw, None
        self.controls = {name: _values(name, values) for name, values in controls.items()}
        self.first = {}
        required = [
            name
            for name, argument in arguments.items()
            if argument.default is argument.empty and argument.kind not in VARIABLE
        ]
        if required:
            raise TypeError(f"the function needs {', '.join(required)}: give them defaults")
        for name, values in self.controls.items():
            if name not in arguments:
                raise TypeError(f"the function has no argument {name}: found {list(arguments)}")
            self.first[name] = arguments[name].default
            if self.first[name] not in values:
                raise ValueError(
                    f"{name}: the function's default is {self.first[name]!r}, expected one of "
                    f"the control's values, {values}"
                )

    def _repr_mimebundle_(self, **_):
        """Returns the widget for a page with a kernel, the picture for all others, a sentence."""
        data = {"image/png": plotting.png(self.draw(**self.first)), "text/plain": SENTENCE}
        if ipywidgets is not None:
            self._widget = self._widget or self._new_widget(data["image/png"])
            bundle = self._widget._repr_mimebundle_()
            data[WIDGET] = (bundle[0] if isinstance(bundle, tuple) else bundle)[WIDGET]
        return data, {}

    def _new_widget(self, png):
        """Returns the controls above the picture, which each change draws anew."""
        picture = ipywidgets.Image(value=png, format="png")
        boxes = {}
        for name, values in self.controls.items():
            names = any(isinstance(value, str) for value in values)
            kind = ipywidgets.Dropdown if names else ipywidgets.SelectionSlider
            options = [(f"{value}" if names else f"{value:g}", value) for value in values]
            boxes[name] = kind(options=options, value=self.first[name], description=name)

        def redraw(_):
            chosen = {name: box.value for name, box in boxes.items()}
            picture.value = plotting.png(self.draw(**chosen))

        for box in boxes.values():
            box.observe(redraw, names="value")
        as_drawn = ipywidgets.Layout(align_items="flex-start")  # otherwise as wide as the page
        return ipywidgets.VBox([*boxes.values(), picture], layout=as_drawn)
