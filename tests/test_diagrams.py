"""Diagrams show the numbers, shapes and positions that they were given, and can be read."""

import io
import itertools
import re
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
import scipy.signal
import tensorflow as tf
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from shared import diagrams
from shared.diagrams import Node, shapes, style
from shared.layers import BatchNorm, ChannelNorm, Conv, Dense, Dropout

RNG = np.random.default_rng(0)


class MLP(tf.Module):
    def __init__(self, sizes, norm=True):
        super().__init__()
        rng = np.random.default_rng(0)
        self.dense = [Dense(m, n, rng) for m, n in itertools.pairwise(sizes)]
        self.norms = [BatchNorm(n) for n in sizes[1:-1]] if norm else []


class ConvNet(tf.Module):
    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(0)
        self.convs = [Conv(5, 1, 16, rng), Conv(3, 16, 48, rng)]
        self.convs.append(Conv(3, 48, 64, rng, pool=False))
        self.norms = [ChannelNorm(16), ChannelNorm(48), ChannelNorm(64), BatchNorm(128)]
        self.drops = [Dropout(0.4, 0), Dropout(0.4, 1)]
        self.dense, self.last = Dense(7 * 7 * 64, 128, rng), Dense(128, 10, rng)


class Biases(tf.Module):
    """As in notebook 09: the biases in a list of their own."""

    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(0)
        self.convs = [Conv(3, 1, 8, rng), Conv(3, 8, 8, rng)]
        self.biases = [tf.Variable(tf.zeros(8)), tf.Variable(tf.zeros(8))]
        self.last = Dense(7 * 7 * 8, 10, rng)


class Softmax(tf.Module):
    def __init__(self):
        super().__init__()
        self.W, self.b = tf.Variable(tf.zeros([784, 10])), tf.Variable(tf.zeros(10))


def keras_conv():
    part = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            part.Rescaling(1 / 255),
            part.Conv2D(32, 3, use_bias=False),
            part.BatchNormalization(),
            part.ReLU(),
            part.MaxPooling2D(),
            part.Conv2D(64, 3, activation="relu"),
            part.MaxPooling2D(),
            part.Flatten(),
            part.Dropout(0.5),
            part.Dense(10),
        ]
    )


def keras_mlp():
    part = keras.layers
    layers = [keras.Input((28, 28)), part.Flatten(), part.Dense(128, "relu"), part.Dense(10)]
    return keras.Sequential(layers)


MODELS = {
    "MLP": lambda: MLP([784, 300, 100, 64, 10]),
    "convolutional": ConvNet,
    "biases apart": Biases,
    "softmax": Softmax,
    "Keras convolutional": keras_conv,
    "Keras MLP": keras_mlp,
}
IMAGE = np.array(
    [[0, 0, 1, 0, 0], [0, 1, 1, 0, 0], [0, 0, 1, 0, 0], [0, 0, 1, 0, 0], [0, 1, 1, 1, 0]]
)
EDGE = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
MASKS = [RNG.random(6) < 0.5, RNG.random(5) < 0.5]


def bowl(a, b):
    return 0.05 * a**2 + b**2


def descent(rate, steps=30):
    """Gradient descent in the bowl, [steps + 1, 2]."""
    factor = np.array([1 - 0.1 * rate, 1 - 2 * rate])
    return np.array([[-4.0, 1.5] * factor**k for k in range(steps + 1)])


def tiny_graph():
    """One unit per layer on one image, gradients by TensorFlow."""
    x, w1, b1, w2, y = (tf.constant(v) for v in (0.5, 1.6, -0.2, 2.0, 1.0))
    with tf.GradientTape() as tape:
        tape.watch([x, w1, b1, w2])
        z1 = x * w1 + b1
        a1 = tf.nn.relu(z1)
        z2 = a1 * w2
        loss = (z2 - y) ** 2 / 2
    parts = {"x": x, "w1": w1, "b1": b1, "z1": z1, "a1": a1, "w2": w2, "z2": z2}
    g = tape.gradient(loss, parts)
    return [
        Node("x", "", (), x, g["x"]),
        Node("w₁", "", (), w1, g["w1"]),
        Node("b₁", "", (), b1, g["b1"]),
        Node("z₁", "x w₁ + b₁", ("x", "w₁", "b₁"), z1, g["z1"]),
        Node("a₁", "max(0, z₁)", ("z₁",), a1, g["a1"]),
        Node("w₂", "", (), w2, g["w2"]),
        Node("z₂", "a₁ w₂", ("a₁", "w₂"), z2, g["z2"]),
        Node("y", "", (), y),
        Node("L", "(z₂ − y)² / 2", ("z₂", "y"), loss, 1.0),
    ]


def batch_graph():
    """A real shape: two layers, arrays with a loss."""
    array = RNG.standard_normal
    return [
        Node("x", "", (), array((128, 784))),
        Node("W₁", "", (), array((784, 64)), array((784, 64))),
        Node("b₁", "", (), array(64), array(64)),
        Node("z₁", "x W₁ + b₁", ("x", "W₁", "b₁"), array((128, 64)), array((128, 64))),
        Node("a₁", "σ(z₁)", ("z₁",), array((128, 64)), array((128, 64))),
        Node("W₂", "", (), array((64, 10)), array((64, 10))),
        Node("b₂", "", (), array(10), array(10)),
        Node("z₂", "a₁ W₂ + b₂", ("a₁", "W₂", "b₂"), array((128, 10)), array((128, 10))),
        Node("L", "cross-entropy(z₂, y)", ("z₂",), 2.31, 1.0),
    ]


def branches():
    """A residual connection: h is used twice."""
    return [
        Node("x", value=1.0, gradient=3.0),
        Node("h", "2 x", ("x",), 2.0, 1.5),
        Node("f", "h²", ("h",), 4.0, 1.0),
        Node("g", "h / 2", ("h",), 1.0, 1.0),
        Node("y", "f + g", ("f", "g"), 5.0, 1.0),
    ]


TITLE = "What the figure says, in a sentence of some length"
FIGURES = {
    "sizes": lambda: diagrams.network([784, 128, 10], TITLE),
    "most sizes": lambda: diagrams.network([3136, 1024, 1024, 1024, 1024, 1024, 10], TITLE),
    "few units": lambda: diagrams.network([3, 4, 1]),
    **{
        f"network, {name}": lambda build=build: diagrams.network(build(), TITLE)
        for name, build in MODELS.items()
    },
    **{
        f"feature maps, {name}": lambda build=build: diagrams.feature_maps(build(), TITLE)
        for name, build in MODELS.items()
    },
    "shapes": lambda: diagrams.feature_maps([(28, 28, 1), (14, 14, 8), (10,)], TITLE, ["a", "b"]),
    "dropped": lambda: diagrams.dropped([6, *MASKS, 3], TITLE),
    "graph": lambda: diagrams.computation_graph(tiny_graph(), TITLE),
    "graph of a batch": lambda: diagrams.computation_graph(batch_graph(), TITLE),
    "graph with branches": lambda: diagrams.computation_graph(branches()),
    "batch, 0": lambda: diagrams.batch_matrix(RNG.standard_normal((128, 256)), 0, TITLE),
    "batch, 1": lambda: diagrams.batch_matrix(RNG.standard_normal((4, 3)), 1),
    "batch, both": lambda: diagrams.batch_matrix(-99 * RNG.random((128, 256)), (0, 1), TITLE),
    "kernel": lambda: diagrams.kernel(IMAGE, EDGE, (2, 1), 1, 1, TITLE),
    "kernel, two places": lambda: diagrams.kernel(IMAGE, EDGE, [(0, 0), (1, 1)], 1, 2, TITLE),
    "kernel, decimals": lambda: diagrams.kernel(np.round(RNG.random((7, 7)), 1), EDGE / 2),
    "pooling": lambda: diagrams.pooling(np.round(RNG.standard_normal((6, 6)), 1), 2, TITLE),
    "pooling, odd": lambda: diagrams.pooling(np.arange(25).reshape(5, 5) % 7),
    "bowl": lambda: diagrams.loss_surface(bowl, descent(0.8)),
    "bowls": lambda: diagrams.loss_surface(
        bowl, {f"η = {rate}": descent(rate) for rate in (0.05, 0.8, 1.05)}, title=TITLE
    ),
    "four bowls": lambda: diagrams.loss_surface(
        bowl, {f"η = {rate}": descent(rate) for rate in (0.05, 0.5, 0.8, 1.2)}, title=TITLE
    ),
}


@pytest.fixture(scope="module", params=FIGURES)
def figure(request):
    return FIGURES[request.param]()


def artists(figure):
    """Returns all texts that a reader sees."""
    found = [*figure.texts]
    for axes in figure.axes:
        found += axes.texts
        if axes.axison:
            found += [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label]
            for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
                ticks = zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=False)
                found += [label for at, label in ticks if limits[0] <= at <= limits[1]]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def texts(figure):
    return [text.get_text() for text in artists(figure)]


def marked(figure, kind):
    """Returns the artists whose gid begins with this word."""
    return figure.findobj(lambda artist: str(artist.get_gid() or "").split(" ")[0] == kind)


def number(text):
    return float(text.replace("\u2212", "-").replace(",", ""))


def luminance(colour):
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return np.dot(parts, (0.2126, 0.7152, 0.0722))


def contrast(one, other):
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


# What holds for all of them


def test_a_figure_is_returned_closed_fits_a_laptop_and_is_a_small_file(figure):
    assert isinstance(figure, Figure) and plt.get_fignums() == []
    assert figure.get_figwidth() <= 9 and figure.get_figheight() <= 4.5
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight")
    assert len(file.getvalue()) < 100_000


def test_no_two_texts_overlap_and_none_leaves_the_figure(figure):
    figure.canvas.draw()
    boxes = [(a.get_text(), a.get_window_extent()) for a in artists(figure)]
    for (one, a), (two, b) in itertools.combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        down = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across <= 1 or down <= 2, f"{one!r} and {two!r} overlap"  # pixels of 1/120 inch
    for text, a in boxes:
        inside = a.x0 >= 0 and a.y0 >= 0 and a.x1 <= figure.bbox.x1 and a.y1 <= figure.bbox.y1
        assert inside, f"{text!r} leaves the figure"


def test_texts_are_large_and_dark_enough(figure):
    for text in artists(figure):
        assert text.get_fontsize() >= 9
        assert contrast(text.get_color(), "white") >= 4.5, text.get_text()


def test_numbers_in_cells_are_dark_enough_on_every_fill():
    for fill in (style.signed(1, 1), style.signed(-1, 1), style.ink(1, 1), style.PALE):
        assert contrast(style.INK, fill) >= 4.5
    for fill in (style.mix(style.BLUE, 0.2), style.mix("#E69F00", 0.28)):  # of pooling
        assert contrast(style.MUTED, fill) >= 4.5
    for colour in (style.BLUE, style.RED, style.MUTED):  # of a node that is given
        assert contrast(colour, style.PALE) >= 4.5


def test_numbers_are_written_short():
    written = [style.short(v) for v in (0, -3, 0.25, 1024, 1 / 3, -0.000012345, 2.5e9, np.inf)]
    assert written == ["0", "−3", "0.25", "1,024", "0.333", "−1.23·10⁻⁵", "2.5·10⁹", "∞"]
    assert style.aligned([[0.5, -1.26]])(-0.001) == "0.00"
    assert style.aligned([3, -4])(2.0) == "2"


# Networks


@pytest.mark.parametrize("name", MODELS)
def test_the_parameters_add_up_to_those_of_the_model(name):
    model = MODELS[name]()
    total = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    figure = diagrams.network(model)
    row = artists(figure)
    height = next(t for t in row if t.get_text() == "parameters").get_position()[1]
    last = [t.get_text() for t in row if t.get_position()[1] == height]
    numbers = [number(text) for text in last if re.fullmatch(r"[\d,]+", text)]
    assert numbers[-1] == total == sum(numbers[:-1])


def test_the_shapes_are_those_of_the_layers():
    said = texts(diagrams.network(ConvNet()))
    for text in ("28 × 28 × 1", "14 × 14 × 16", "7 × 7 × 48", "7 × 7 × 64", "128", "10"):
        assert text in said
    for text in ("5 × 5 × 1 × 16", "3 × 3 × 16 × 48", "3,136 × 128", "16 each", "K, W"):
        assert text in said
    assert texts(diagrams.network(Biases())).count("8") == 2  # a bias for each convolution
    said = texts(diagrams.feature_maps(keras_conv()))
    assert {"28 × 28 × 1", "13 × 13 × 32", "5 × 5 × 64", "10"} <= {*said}
    assert "convolution\n3 × 3\nmax pooling" in said and "dense" in said
    convs = tf.Module()
    convs.first = Conv(5, 1, 16, np.random.default_rng(0), padding="VALID")
    convs.second = Conv(3, 16, 8, np.random.default_rng(0), pool=False, padding="VALID")
    assert {"12 × 12 × 16", "10 × 10 × 8"} <= {*texts(diagrams.feature_maps(convs))}


def test_layers_that_are_made_in_another_order_than_the_alphabet_are_drawn_in_theirs():
    class Named(tf.Module):
        def __init__(self):
            super().__init__()
            self.second_to_none = Dense(784, 50, RNG)
            self.first_in_the_alphabet = Dense(50, 10, RNG)

    first, layers = shapes.read(Named())
    assert first == (784,) and [layer.shape for layer in layers] == [(50,), (10,)]


def test_small_layers_are_drawn_whole_and_connected_and_large_ones_with_an_ellipsis():
    whole = diagrams.network([3, 4, 1]).axes[0]
    assert len(whole.patches) == 8
    lines = [c for c in whole.collections if isinstance(c, LineCollection)]
    assert [len(c.get_segments()) for c in lines] == [12, 4]
    assert len(diagrams.network([784, 10]).axes[0].patches) == 4 + 3 + 10  # three dots


@pytest.mark.parametrize(
    "model, error, says",
    [
        (3, TypeError, "found int, expected a model"),
        (Softmax, TypeError, "found the class Softmax"),
        ([784], ValueError, "expected two or more whole numbers"),
        ([784, 0.5], ValueError, r"found the sizes \[784, 0.5\]"),
        ([784, 0, 10], ValueError, "from 1 on"),
        ([9] * 8, ValueError, "found 7 layers, expected at most 6"),
        (MLP([784, 20], norm=False).dense[0].b, TypeError, "expected a model"),
    ],
)
def test_what_is_no_network_is_refused(model, error, says):
    with pytest.raises(error, match=says):
        diagrams.network(model)


def test_layers_out_of_order_and_parameters_that_cannot_be_drawn_are_refused():
    model = MLP([784, 20, 10], norm=False)
    model.dense = model.dense[::-1]
    with pytest.raises(ValueError, match="in the order in which they are called"):
        diagrams.network(model)
    model = Softmax()
    model.scale = tf.Variable(1.0)
    with pytest.raises(ValueError, match="found 7,851 trainable parameters, of which 7,850"):
        diagrams.network(model)
    with pytest.raises(ValueError, match="size of the images"):
        diagrams.network(ConvNet(), image=(32, 32))
    with pytest.raises(ValueError, match="not built"):
        diagrams.network(keras.Sequential([keras.layers.Dense(10)]))


def test_as_many_units_are_struck_out_as_the_masks_drop_and_their_connections_are_gone():
    figure = diagrams.dropped([6, *MASKS, 3])
    gone = [int((~mask).sum()) for mask in MASKS]
    assert len(marked(figure, "dropped")) == sum(gone)
    assert f"one training step: {sum(gone)} of 11 units dropped" in texts(figure)
    lines = [c for c in figure.axes[0].collections if isinstance(c, LineCollection)]
    segments = [len(c.get_segments()) for c in lines]
    a, b = (int(mask.sum()) for mask in MASKS)
    assert segments == [6 * 6, 6 * 5, 5 * 3, 6 * a, a * b, b * 3]
    centres = [np.mean(line.get_xydata(), axis=0) for line in marked(figure, "dropped")]
    circles = np.array([patch.center for patch in figure.axes[0].patches])[-(6 + 6 + 5 + 3) :]
    expected = circles[6:17][~np.concatenate(MASKS)]
    assert np.allclose(sorted(map(tuple, centres)), sorted(map(tuple, expected)))


@pytest.mark.parametrize(
    "layers, says",
    [
        ([4, [0.0, 2.0], 3], "expected a number of units or a mask"),
        ([4, np.ones((2, 2)), 3], "mask"),
        ([4, np.ones(512), 3], "found 512 units, expected 1 to 6"),
        ([4], "found 1 layers, expected 2 to 4"),
    ],
)
def test_what_is_no_mask_is_refused(layers, says):
    with pytest.raises(ValueError, match=says):
        diagrams.dropped(layers)


# Feature maps


def test_blocks_are_to_scale_and_in_the_order_of_the_layers():
    given = [(28, 28, 1), (14, 14, 8), (7, 7, 16)]
    figure = diagrams.feature_maps(given, operations=["first", "second"])
    fronts = figure.axes[0].patches[:9:3]
    tall = [np.ptp(front.get_xy()[:, 1]) for front in fronts]
    assert np.allclose(np.divide(tall, tall[0]), [1, 1 / 2, 1 / 4])
    wide = [np.ptp(front.get_xy()[:, 0]) for front in fronts]
    assert wide[0] < wide[1] < wide[2]
    assert texts(figure)[-2:] == ["first", "second"]


@pytest.mark.parametrize(
    "given, operations, says",
    [
        ([(28, 28), (10,)], None, "found the shapes"),
        ([(28, 28, 1)], None, "found the shapes"),
        ([(28, 28, 1), (10,)], ["a", "b"], "found 2 operations and 2 shapes"),
    ],
)
def test_what_are_no_feature_maps_is_refused(given, operations, says):
    with pytest.raises(ValueError, match=says):
        diagrams.feature_maps(given, operations=operations)


# Computation graphs


def test_a_graph_shows_the_value_and_the_gradient_of_every_node_below_its_name():
    nodes = tiny_graph()
    found = artists(diagrams.computation_graph(nodes))
    for node in nodes:
        name = next(text for text in found if text.get_text() == node.name)
        x, y = name.get_position()
        below = [t for t in found if t.get_position()[0] == x and 0 < y - t.get_position()[1] < 0.7]
        said = [text.get_text() for text in below]
        expected = [f"= {node.operation}"] if node.operation else []
        expected += [style.short(v) for v in (node.value, node.gradient) if v is not None]
        assert said == expected


def test_of_an_array_a_graph_shows_the_shape_and_the_norms():
    value, gradient = RNG.standard_normal((2, 128, 64))
    said = texts(diagrams.computation_graph([Node("z", "", (), value, gradient)]))
    norms = [f"norm {style.short(np.linalg.norm(v))}" for v in (value, gradient)]
    assert said[:4] == ["z", "[128, 64]", *norms]
    assert "[1, −0.5]" in texts(diagrams.computation_graph([Node("z", value=[1.0, -0.5])]))


def test_computation_runs_from_left_to_right_and_gradients_only_where_there_are_any():
    nodes = tiny_graph()
    figure = diagrams.computation_graph(nodes)
    at = {t.get_text(): t.get_position() for t in artists(figure)}
    assert [at[n][0] for n in ("x", "z₁", "a₁", "z₂", "L")] == sorted(
        at[n][0] for n in ("x", "z₁", "a₁", "z₂", "L")
    )
    assert at["w₁"][1] < at["z₁"][1] and at["w₂"][1] < at["z₂"][1]  # what is given, below
    arrows = [p for p in figure.axes[0].patches if hasattr(p, "get_arrowstyle")]
    edges = sum(len(node.inputs) for node in nodes)
    assert len(arrows) == 2 * edges - 1 + 2  # none back to y, and two in the legend


@pytest.mark.parametrize(
    "nodes, error, says",
    [
        ([], TypeError, "expected a list of Node"),
        (["x"], TypeError, "expected a list of Node"),
        ([Node("y", "2 x", ("x",)), Node("x")], ValueError, "nodes that stand before it"),
        ([Node("x"), Node("x")], ValueError, "each name once"),
        ([Node("x"), Node("y", "x", "x")], ValueError, "expected a tuple of names"),
        ([Node("x", value=[1, 2], gradient=1)], ValueError, r"gradient of shape \[\]"),
        ([Node("x", "a " * 99)], ValueError, "write shorter operations"),
    ],
)
def test_what_is_no_graph_is_refused(nodes, error, says):
    with pytest.raises(error, match=says):
        diagrams.computation_graph(nodes)


# The batch


@pytest.mark.parametrize("axis", [0, 1])
def test_means_and_deviations_are_over_all_values_along_the_axis(axis):
    values = RNG.standard_normal((128, 256))
    figure = diagrams.batch_matrix(values, axis)
    found = artists(figure)
    for name, statistic in (("mean", values.mean(axis)), ("std", values.std(axis))):
        x, y = next(t.get_position() for t in found if t.get_text() == name)
        line = [t for t in found if abs(t.get_position()[axis ^ 1] - (y, x)[axis]) < 1e-6]
        said = [t.get_text() for t in line if re.fullmatch(r"−?[\d.]+", t.get_text())]
        assert said == [
            f"{round(statistic[i], 2) + 0.0:.2f}".replace("-", "−") for i in (0, 1, 2, 3, -1)
        ]
    assert len(marked(figure, "axis")) == 1
    frame = marked(figure, "axis")[0]
    assert (frame.get_height() > frame.get_width()) == (axis == 0)
    assert any("128 images" in t or "256 units" in t for t in texts(figure))


def test_the_rows_are_images_and_the_columns_units():
    values = np.arange(6.0).reshape(2, 3)
    figure = diagrams.batch_matrix(values)
    at = {t.get_text(): t.get_position() for t in artists(figure)}
    assert at["3"][1] == at["image 2"][1] and at["3"][0] == at["unit 1"][0]
    assert at["2"][1] == at["image 1"][1] and at["2"][0] == at["unit 3"][0]


@pytest.mark.parametrize(
    "values, axis, error, says",
    [
        (np.ones((3, 3)), 2, ValueError, "axis: found 2"),
        (np.ones(3), 0, ValueError, r"found shape \[3\]"),
        ([["a"]], 0, TypeError, "expected numbers"),
        ([[np.nan]], 0, ValueError, "not finite"),
    ],
)
def test_what_is_no_batch_is_refused(values, axis, error, says):
    with pytest.raises(error, match=says):
        diagrams.batch_matrix(values, axis)


# Convolution and pooling


def cells(figure, caption):
    """Returns the numbers in the grid below a caption, [rows, columns]."""
    found = artists(figure)
    heads = [t for t in found if re.match("image|kernel|feature|after", t.get_text())]
    middles = sorted(t.get_position()[0] for t in heads)
    middle = next(t.get_position()[0] for t in heads if t.get_text().startswith(caption))
    numbers = []
    for text in found:
        if re.fullmatch(r"−?[\d.,]+", text.get_text()):
            x, y = text.get_position()
            if min(middles, key=lambda m: abs(m - x)) == middle:
                numbers.append((-round(y, 4), x, number(text.get_text())))
    rows = itertools.groupby(sorted(numbers), key=lambda cell: cell[0])
    return np.array([[value for *_, value in row] for _, row in rows])


@pytest.mark.parametrize("padding, stride", [(0, 1), (1, 1), (1, 2), (0, 2)])
def test_the_feature_map_is_the_cross_correlation(padding, stride):
    figure = diagrams.kernel(IMAGE, EDGE, padding=padding, stride=stride)
    padded = np.pad(IMAGE, padding)
    expected = scipy.signal.correlate2d(padded, EDGE, mode="valid")[::stride, ::stride]
    assert np.array_equal(cells(figure, "image"), padded)
    assert np.array_equal(cells(figure, "kernel"), EDGE)
    assert np.array_equal(cells(figure, "feature map"), expected)


def test_the_patch_lies_where_stride_and_padding_put_it_and_its_sum_is_written_out():
    figure = diagrams.kernel(IMAGE, EDGE, [(0, 1), (1, 2)], padding=1, stride=2)
    assert [p.get_gid() for p in marked(figure, "patch")] == ["patch 0 2", "patch 2 4"]
    assert [p.get_gid() for p in marked(figure, "result")] == ["result 0 1", "result 1 2"]
    grid = [t.get_position() for t in artists(figure) if t.get_text() in ("0", "1")]
    left, top = min(x for x, _ in grid), max(y for _, y in grid)
    for patch, (row, column) in zip(marked(figure, "patch"), [(0, 2), (2, 4)], strict=True):
        side = patch.get_width() / 3
        assert np.isclose(patch.get_height(), 3 * side)
        assert np.isclose(patch.get_x(), left - side / 2 + column * side)
        assert np.isclose(patch.get_y() + patch.get_height(), top + side / 2 - row * side)
    padded = np.pad(IMAGE, 1)
    for row, column in [(0, 2), (2, 4)]:
        total = int((padded[row : row + 3, column : column + 3] * EDGE).sum())
        assert any(re.search(rf" = {style.short(total)}( \(|$)", t) for t in texts(figure))


def test_the_products_that_are_written_out_are_those_of_the_patch():
    figure = diagrams.kernel(IMAGE, EDGE, (2, 1))
    line = next(t for t in texts(figure) if t.startswith("sum"))
    assert line == "sum of the products: 1·1 + 1·(−1) = 0 (products with 0 left out)"


@pytest.mark.parametrize(
    "arguments, says",
    [
        ((np.ones((2, 2)), EDGE), "the kernel has to fit"),
        ((IMAGE, EDGE, (3, 0)), "expected rows 0 to 2 and columns 0 to 2"),
        ((IMAGE, EDGE, (-1, 0)), "expected rows 0 to 2"),
        ((IMAGE, EDGE, (0.5, 0)), r"expected \(row, column\)"),
        ((IMAGE, EDGE, [(0, 0)] * 3), "or two of them"),
        ((IMAGE, EDGE, (0, 0), -1), "padding: found -1"),
        ((IMAGE, EDGE, (0, 0), 0, 0), "stride: found 0"),
        ((np.ones((28, 28)), EDGE), "take a smaller part"),
        ((np.full((5, 5), 1234.5), EDGE / 7), "round the numbers"),
        ((np.ones((1, 5, 5)), EDGE), r"image: found shape \[1, 5, 5\]"),
    ],
)
def test_what_a_kernel_cannot_slide_over_is_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        diagrams.kernel(*arguments)


@pytest.mark.parametrize("shape, size", [((6, 6), 2), ((5, 5), 2), ((6, 6), 3), ((4, 7), 2)])
def test_pooling_marks_the_largest_of_each_field(shape, size):
    maps = RNG.permutation(np.prod(shape)).reshape(shape)
    figure = diagrams.pooling(maps, size)
    expected = tf.nn.max_pool2d(maps[None, ..., None].astype(float), size, size, "VALID")
    assert np.array_equal(cells(figure, "after"), expected[0, ..., 0])
    assert np.array_equal(cells(figure, "feature map"), maps)
    places = [tuple(map(int, p.get_gid().split()[1:])) for p in marked(figure, "chosen")]
    assert [maps[place] for place in places] == np.ravel(expected).tolist()


@pytest.mark.parametrize(
    "maps, size, says",
    [(np.ones((2, 2)), 3, "expected at least 3 × 3"), (np.ones((4, 4)), 0, "size: found 0")],
)
def test_what_cannot_be_pooled_is_refused(maps, size, says):
    with pytest.raises(ValueError, match=says):
        diagrams.pooling(maps, size)


# The surface of a loss


def test_a_path_is_drawn_point_by_point_from_its_start_to_its_end():
    path = descent(0.8)
    figure = diagrams.loss_surface(bowl, path)
    assert np.array_equal(marked(figure, "steps")[0].get_xydata(), path)
    assert np.array_equal(marked(figure, "start")[0].get_xydata(), path[:1])
    assert np.array_equal(marked(figure, "end")[0].get_xydata(), path[-1:])
    assert "30 steps" in texts(figure) and not marked(figure, "left")
    axes = figure.axes[0]
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    assert np.isclose(right - left, high - low)  # a right angle looks like one
    assert (path[:, 0] > left).all() and (path[:, 0] < right).all()


def test_a_path_that_diverges_ends_at_the_border_with_a_cross_and_says_when():
    path = descent(1.2)
    limits = (-5, 5, -5, 5)
    figure = diagrams.loss_surface(bowl, {"high": path, "low": descent(0.1)}, limits)
    step = int(np.argmax(np.abs(path).max(axis=1) > 5))
    assert f"high\nleaves at step {step}" in texts(figure)
    (cross,) = marked(figure, "left")
    ((x, y),) = cross.get_xydata()
    assert np.isclose(abs(y), 5) and abs(x) < 5
    assert len(marked(figure, "steps")[0].get_xydata()) == step
    assert "low\n30 steps" in texts(figure)


def test_a_path_that_is_not_finite_ends_where_it_was_last():
    path = np.array([[1.0, 1.0], [2.0, 2.0], [np.nan, np.inf]])
    figure = diagrams.loss_surface(bowl, path, (-5, 5, -5, 5))
    assert marked(figure, "left")[0].get_xydata().tolist() == [[2.0, 2.0]]
    assert "leaves at step 2" in texts(figure)


def test_a_grid_of_losses_is_drawn_as_the_function_is():
    x, y = np.linspace(-5, 1, 61), np.linspace(-2, 2, 41)
    figure = diagrams.loss_surface((x, y, bowl(*np.meshgrid(x, y))), descent(0.8))
    assert figure.axes[0].get_xlim() == (-5, 1) and figure.axes[0].get_ylim() == (-2, 2)


@pytest.mark.parametrize(
    "loss, paths, limits, error, says",
    [
        (bowl, np.ones((3, 3)), None, ValueError, r"expected \[steps \+ 1, 2\]"),
        (bowl, np.full((3, 2), np.nan), None, ValueError, "the start finite"),
        (bowl, {}, None, ValueError, "found 0, expected 1 to 4"),
        (bowl, {i: descent(0.1) for i in range(5)}, None, ValueError, "found 5"),
        (bowl, descent(0.1), (1, 0, 0, 1), ValueError, "limits: found"),
        (bowl, descent(0.1), (0, 1), ValueError, "limits: found"),
        (bowl, descent(0.1), (0, 1, 0, 1), ValueError, "without the start of a path"),
        (lambda a, b: 1.0, descent(0.1), None, ValueError, "losses of shape"),
        (lambda a, b: 0 * a, descent(0.1), None, ValueError, "the same value everywhere"),
        ((np.ones(3), np.ones(4), np.ones((3, 4))), descent(0.1), None, ValueError, r"\[4, 3\]"),
        (3, descent(0.1), None, TypeError, "loss: found int"),
    ],
)
def test_what_is_no_surface_or_no_path_is_refused(loss, paths, limits, error, says):
    with pytest.raises(error, match=says):
        diagrams.loss_surface(loss, paths, limits)


def test_diagrams_import_no_sibling():
    for path in Path(style.__file__).parent.glob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert not re.search(r"^from (shared|\.\.)|^import (shared|tensorflow|keras)", source, re.M)
