"""A pad in the notebook: the reader draws a digit, and networks say which one it is.

    pad.Pad(model)                      the last line of a cell
    pad.Pad({"MLP": mlp, "CNN": cnn})   several networks and the same digit
    pad.Pad(model, centre=False)        the page is only shrunk, as the network never saw it

Beside the page stands what the network gets to see, a bar of probability for each class, and for a
linear model the evidence: each pixel times its weight for the answer. The part in the browser is
pad.js. A notebook that is stored, or read without a kernel, shows a picture of the pad.
"""

from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw

from shared import pictures, plotting

try:
    import anywidget
    import traitlets
except ImportError:  # then the picture is all there is
    anywidget = None

SIDE = 28
PAGE = 140  # pixels of the page's side, as the browser sends it
SENTENCE = "Run this cell to draw a digit of your own."
WIDGET = "application/vnd.jupyter.widget-view+json"
SCRIPT = Path(__file__).with_name("pad.js")
THREE = [(45, 30), (62, 20), (80, 26), (84, 42), (72, 54), (58, 58), (76, 62), (88, 76), (82, 94)]
THREE += [(62, 102), (42, 94)]  # on a page of PAGE x PAGE, above the middle and left of it


class Seen(NamedTuple):
    """What the networks see of a page, and what they say.

    image: uint8 [28, 28], 255 is ink. probabilities: {name: float [classes]}. evidence: {name:
    float [28, 28]} of the linear models: pixel times weight for the most probable class.
    """

    image: np.ndarray
    probabilities: dict
    evidence: dict


class Pad:
    """A drawing pad for one or several trained models; show it as the last line of a cell.

    models: a model of the book's, ours or Keras's, or {name: model}. It takes one image as
    [1, 28, 28], [1, 28, 28, 1] or [1, 784], in [0, 1], or in 0 to 255 if it contains Keras's
    Rescaling, and returns logits or probabilities, [1, classes].
    centre: whether the digit is first put in MNIST's form, as every training image was: scaled
    into a box and its centre of mass in the middle. The reader can switch it.
    example: the digit of the stored picture, uint8 [28, 28], 255 is ink; None: a three.
    Raises TypeError if there is no model, ValueError if it does not take such images.
    """

    def __init__(self, models, *, centre=True, example=None):
        models = models if isinstance(models, dict) else {"": models}
        if not models:
            raise ValueError("found no model: pass a trained model or {name: model}")
        self.readers = {str(name): _Reader(model) for name, model in models.items()}
        self.centre = bool(centre)
        self.example = _drawn_three() if example is None else _as_page(example)
        self._widget = None

    def look(self, page, centre=None):
        """Returns what is Seen of a page, uint8 [height, width], where 255 is paper and 0 is ink.

        Raises pictures.PictureError if there is no digit on it.
        """
        centre = self.centre if centre is None else centre
        image = pictures.to_mnist(page) if centre else shrunk(page)
        probabilities = {name: reader.read(image) for name, reader in self.readers.items()}
        evidence = {
            name: reader.evidence(image, int(np.argmax(probabilities[name])))
            for name, reader in self.readers.items()
            if reader.weights is not None
        }
        return Seen(image, probabilities, evidence)

    def figure(self):
        """Returns the pad as a figure, with the example on its page."""
        seen = self.look(self.example)
        count = 2 + len(seen.probabilities) + len(seen.evidence)
        figure, axes = plotting.panels(1, count, width=9.0, height=9.0 / count + 0.8)
        form = "put in MNIST's form" if self.centre else "only shrunk"
        _show(axes[0], self.example, "the page", cmap="gray", clim=(0, 255))
        _show(axes[1], seen.image, f"what the network sees:\n{form}", cmap="gray", clim=(0, 255))
        panel = iter(axes[2:])
        for name, probabilities in seen.probabilities.items():
            _show_bars(next(panel), name, probabilities)
            if name in seen.evidence:
                image, answer = seen.evidence[name], int(np.argmax(probabilities))
                limit = np.abs(image).max() or 1.0
                title = f"evidence for {answer}:\nred for, blue against"
                _show(next(panel), image, title, cmap="RdBu_r", clim=(-limit, limit))
        figure.suptitle(SENTENCE, x=0.01, ha="left")
        return figure

    def _repr_mimebundle_(self, **_):
        """Returns the widget for a page with a kernel, the picture for all others, a sentence."""
        data, metadata = {"image/png": plotting.png(self.figure()), "text/plain": SENTENCE}, {}
        if anywidget is not None:
            self._widget = self._widget or _widget(self)
            bundle, metadata = self._widget._repr_mimebundle_()
            data[WIDGET] = bundle[WIDGET]
        return data, metadata


def shrunk(page):
    """Returns a page, uint8 [height, width], 0 is ink, as uint8 [28, 28], 255 is ink."""
    small = Image.fromarray(np.asarray(page, np.uint8)).resize((SIDE, SIDE), Image.Resampling.BOX)
    return 255 - np.asarray(small)


class _Reader:
    """A model that has been tried out: from one image to probabilities, quickly."""

    def __init__(self, model):
        if model is None or isinstance(model, type) or not callable(model):
            found = f"the class {model.__name__}" if isinstance(model, type) else repr(model)
            raise TypeError(f"found {found}: expected a trained model, or {{name: model}}")
        self.scale = 1.0 if _rescales(model) else 1 / 255
        self._forward = tf.function(lambda x: model(x, training=False), autograph=False)
        self.shape = self._find_shape(model)
        noise = np.random.default_rng(0).integers(0, 256, (4, SIDE, SIDE))
        outputs = np.concatenate([self._outputs(image) for image in noise])
        self.softmax_inside = outputs.min() >= 0 and np.allclose(outputs.sum(axis=1), 1, atol=1e-3)
        self.classes = outputs.shape[1]
        self.weights = _linear_weights(model, self.classes)

    def read(self, image):
        """Returns the probabilities, float [classes], for an image, uint8 [28, 28]."""
        outputs = self._outputs(image)[0].astype(np.float64)
        if self.softmax_inside:
            return outputs
        exponentials = np.exp(outputs - outputs.max())
        return exponentials / exponentials.sum()

    def evidence(self, image, answer):
        """Returns pixel times weight for the answer, float [28, 28]; of linear models only."""
        return image / 255 * self.weights.numpy()[:, answer].reshape(SIDE, SIDE)

    def _outputs(self, image):
        return self._forward(self._input(image, self.shape)).numpy()

    def _input(self, image, shape):
        return tf.constant(np.reshape(image, shape) * self.scale, tf.float32)

    def _find_shape(self, model):
        """Returns the shape in which the model takes an image."""
        shapes = [(1, SIDE, SIDE), (1, SIDE, SIDE, 1), (1, SIDE * SIDE)]
        wanted = _keras_shape(model)
        for shape in shapes if wanted is None else [s for s in shapes if s[1:] == wanted]:
            try:
                outputs = self._forward(self._input(np.zeros((SIDE, SIDE)), shape))
            except Exception as error:  # whatever the model's own code raises
                message = str(error).strip().split("\n")[0]
                continue
            if len(outputs.shape) == 2 and outputs.shape[0] == 1 and outputs.shape[1] > 1:
                return shape
            message = f"its output for one image has the shape {tuple(outputs.shape)}"
        else:
            if wanted is not None and (1, *wanted) not in shapes:
                message = f"it takes inputs of the shape {wanted}"
        raise ValueError(
            "the model does not classify images of 28 x 28: expected (1, classes) for one image "
            f"of shape (1, 28, 28), (1, 28, 28, 1) or (1, 784), but {message}"
        )


def _keras_shape(model):
    """Returns the shape of one input of a Keras model that has been built, otherwise None."""
    try:
        return tuple(model.input_shape[1:]) if isinstance(model, keras.Model) else None
    except (AttributeError, ValueError):
        return None


def _rescales(model):
    """Returns whether a Keras model divides the pixels by 255 itself."""
    layers = model._flatten_layers() if isinstance(model, keras.Model) else []
    return any(isinstance(layer, keras.layers.Rescaling) for layer in layers)


def _linear_weights(model, classes):
    """Returns the weights [784, classes] of a model that has no others, otherwise None."""
    variables = [v for v in getattr(model, "trainable_variables", []) if len(v.shape) > 1]
    return variables[0] if [tuple(v.shape) for v in variables] == [(SIDE * SIDE, classes)] else None


def _as_page(example):
    """Returns an image, uint8 [28, 28], 255 is ink, as a page on which it was drawn."""
    example = np.asarray(example)
    if example.shape != (SIDE, SIDE) or example.dtype != np.uint8:
        raise ValueError(
            f"example of type {example.dtype} and shape {example.shape}: expected one image, "
            "uint8 and (28, 28), 255 where there is ink"
        )
    return np.asarray(Image.fromarray(255 - example).resize((PAGE, PAGE), Image.Resampling.BICUBIC))


def _drawn_three():
    """Returns a page with a three that was drawn above the middle and left of it."""
    page = Image.new("L", (4 * PAGE, 4 * PAGE), 255)
    pen = ImageDraw.Draw(page)
    points = [(4 * x, 4 * y) for x, y in THREE]
    pen.line(points, fill=0, width=36, joint="curve")
    for x, y in points:
        pen.ellipse((x - 18, y - 18, x + 18, y + 18), fill=0)
    return np.asarray(page.resize((PAGE, PAGE), Image.Resampling.BOX))


def _show(axis, image, title, **colours):
    axis.imshow(image, **colours)
    axis.set(xticks=[], yticks=[])
    axis.grid(False)
    axis.set_title(title, fontsize=9)
    for spine in axis.spines.values():
        spine.set(visible=True, color=plotting.GREY)


def _show_bars(axis, name, probabilities):
    answer = int(np.argmax(probabilities))
    classes = np.arange(len(probabilities))
    colours = [plotting.BLUE if digit == answer else plotting.GREY for digit in classes]
    axis.barh(classes, probabilities, color=colours)
    axis.set(xlim=(0, 1), ylim=(len(classes) - 0.4, -0.6), yticks=classes, xticks=[])
    axis.set_title(
        f"{name + ': ' if name else ''}{answer}\n({probabilities[answer]:.1%})", fontsize=9
    )
    axis.set_box_aspect(1)
    axis.tick_params(labelsize=9, length=0)
    axis.grid(False)


def _widget(pad):
    """Returns the widget that asks the pad about every page that the browser sends."""
    widget = anywidget.AnyWidget(_esm=SCRIPT.read_text(encoding="utf-8"))
    networks = [
        {"name": name, "classes": reader.classes, "linear": reader.weights is not None}
        for name, reader in pad.readers.items()
    ]
    widget.add_traits(
        networks=traitlets.List(networks).tag(sync=True),
        centre=traitlets.Bool(pad.centre).tag(sync=True),
    )
    widget.on_msg(lambda widget, question, buffers: widget.send(*_answer(pad, question, buffers)))
    return widget


def _answer(pad, question, buffers):
    """Returns what pad.js expects for its question: a dictionary and the images as bytes."""
    page = np.frombuffer(buffers[0], np.uint8).reshape(PAGE, PAGE)
    try:
        seen = pad.look(page, question["centre"])
    except pictures.PictureError as error:
        return question | {"note": str(error)}, []
    answers = [list(map(float, probabilities)) for probabilities in seen.probabilities.values()]
    images = [seen.image, *(image.astype(np.float32) for image in seen.evidence.values())]
    return question | {"answers": answers}, [image.tobytes() for image in images]
