"""The drawing pad without a browser: what it answers, what it refuses, what is stored of it."""

import base64
import io
import subprocess
import sys
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from measure import execute
from PIL import Image

from shared import pad, pictures
from shared.layers import Dense

REPOSITORY = Path(__file__).resolve().parent.parent
BLANK = np.full((pad.PAGE, pad.PAGE), 255, np.uint8)


class Softmax(tf.Module):
    def __init__(self):
        super().__init__()
        self.dense = Dense(784, 10, np.random.default_rng(0))

    def __call__(self, images, training):
        return self.dense(tf.reshape(images, [-1, 784]))


def keras_model(*parts, shape=(28, 28)):
    keras.utils.set_random_seed(0)
    return keras.Sequential([layers.Input(shape), *parts])


@pytest.fixture(scope="module")
def ours():
    return Softmax()


@pytest.fixture(scope="module")
def page():
    return pad._drawn_three()


def same_weights(ours, model):
    model.layers[-1].set_weights([ours.dense.W.numpy(), ours.dense.b.numpy()])
    return model


KERAS = {
    "28 x 28": lambda: keras_model(layers.Flatten(), layers.Dense(10)),
    "28 x 28 x 1": lambda: keras_model(layers.Flatten(), layers.Dense(10), shape=(28, 28, 1)),
    "784": lambda: keras_model(layers.Dense(10), shape=(784,)),
    "rescaling inside": lambda: keras_model(
        layers.Rescaling(1 / 255), layers.Flatten(), layers.Dense(10)
    ),
    "rescaling in a part": lambda: keras_model(
        keras_model(layers.Rescaling(1 / 255), layers.Flatten()), layers.Dense(10)
    ),
    "softmax": lambda: keras_model(layers.Flatten(), layers.Dense(10, activation="softmax")),
    "uint8": lambda: keras.Sequential(
        [
            layers.Input((28, 28), dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(10),
        ]
    ),
}


@pytest.mark.parametrize("kind", KERAS)
def test_keras_models_of_every_kind_answer_as_ours_with_the_same_weights(ours, page, kind):
    seen = pad.Pad({"ours": ours, "Keras": same_weights(ours, KERAS[kind]())}).look(page)
    assert np.allclose(seen.probabilities["ours"], seen.probabilities["Keras"], atol=1e-5)
    assert seen.probabilities["ours"].sum() == pytest.approx(1)
    assert np.allclose(seen.evidence["ours"], seen.evidence["Keras"])


def test_the_network_sees_the_page_in_mnists_form_or_only_shrunk(ours, page):
    drawing = pad.Pad(ours)
    moved = np.roll(page, (25, 30), axis=(0, 1))
    assert np.array_equal(drawing.look(page).image, pictures.to_mnist(page))
    assert np.array_equal(drawing.look(page).image, drawing.look(moved).image)
    shrunk = drawing.look(page, centre=False).image
    assert np.array_equal(np.roll(shrunk, (5, 6), axis=(0, 1)), drawing.look(moved, False).image)
    assert shrunk.shape == (28, 28) and shrunk.max() == 255 and shrunk.min() == 0


def test_the_evidence_of_a_linear_model_adds_up_to_its_logit(ours, page):
    seen = pad.Pad(ours).look(page)
    logits = ours(seen.image[None].astype(np.float32) / 255, training=False).numpy()[0]
    answer = np.argmax(logits)
    assert seen.evidence[""].sum() + ours.dense.b.numpy()[answer] == pytest.approx(logits[answer])


def test_a_network_with_a_hidden_layer_has_no_evidence(page):
    model = keras_model(layers.Flatten(), layers.Dense(10, "relu"), layers.Dense(10))
    assert pad.Pad(model).look(page).evidence == {}


def test_the_pad_answers_as_the_model_is_now(page):
    model = Softmax()
    drawing = pad.Pad(model)
    before = drawing.look(page).probabilities[""]
    model.dense.W.assign(-model.dense.W)
    assert not np.allclose(before, drawing.look(page).probabilities[""])


def test_dropout_and_batch_normalisation_do_not_train_on_the_readers_digit(page):
    model = keras_model(
        layers.Flatten(), layers.Dropout(0.5), layers.BatchNormalization(), layers.Dense(10)
    )
    drawing = pad.Pad(model)
    first, state = drawing.look(page), [v.numpy() for v in model.variables]
    assert np.array_equal(first.probabilities[""], drawing.look(page).probabilities[""])
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(state, model.variables, strict=True))


@pytest.mark.parametrize(
    "models, fault",
    [(None, "found None"), (Softmax, "the class Softmax"), ({"a": 3}, "found 3"), ("cnn", "'cnn'")],
)
def test_what_is_no_model_is_refused(models, fault):
    with pytest.raises(TypeError, match=f"{fault}.*: expected a trained model"):
        pad.Pad(models)


@pytest.mark.parametrize(
    "model, fault",
    [
        ({}, "found no model"),
        (keras_model(layers.Flatten(), layers.Dense(10), shape=(32, 32)), r"shape \(32, 32\)"),
        (keras_model(layers.Conv2D(4, 3), shape=(28, 28, 1)), r"shape \(1, 26, 26, 4\)"),
        (lambda images: images, "does not classify images of 28 x 28"),
    ],
)
def test_a_model_for_other_images_is_refused(model, fault):
    with pytest.raises(ValueError, match=fault):
        pad.Pad(model)


@pytest.mark.parametrize("example", [np.zeros((28, 28)), np.zeros((1, 28, 28), np.uint8), [1, 2]])
def test_an_example_that_is_no_image_of_mnist_is_refused(ours, example):
    with pytest.raises(ValueError, match="example of type .*: expected one image"):
        pad.Pad(ours, example=example)


def test_an_example_from_mnist_is_seen_nearly_as_it_is(ours, data):
    image = data.validation.images[0]
    seen = pad.Pad(ours, centre=False, example=image).look(pad._as_page(image), centre=False).image
    assert np.abs(seen.astype(int) - image).mean() < 12


def test_the_answer_to_the_browser_is_the_question_with_bars_and_images(ours, page):
    drawing = pad.Pad({"a": ours, "b": ours}, centre=False)
    question = {"view": "x", "look": 3, "centre": True}
    answer, buffers = pad._answer(drawing, question, [page.tobytes()])
    assert answer["look"] == 3 and answer["view"] == "x"
    assert [len(bars) for bars in answer["answers"]] == [10, 10]
    assert [len(buffer) for buffer in buffers] == [784, 4 * 784, 4 * 784]
    assert buffers[0] == pictures.to_mnist(page).tobytes()


def test_a_page_without_a_digit_gets_a_note(ours):
    answer, buffers = pad._answer(pad.Pad(ours), {"centre": True}, [BLANK.tobytes()])
    assert answer["note"] and buffers == []


def test_the_output_is_a_widget_a_picture_and_a_sentence(ours):
    data, _ = pad.Pad(ours)._repr_mimebundle_()
    assert set(data) == {pad.WIDGET, "image/png", "text/plain"}
    assert data["text/plain"] == pad.SENTENCE
    assert len(data["image/png"]) < 100_000
    assert Image.open(io.BytesIO(data["image/png"])).width < 1200


def test_without_anywidget_the_picture_and_the_sentence_stay(ours, monkeypatch):
    monkeypatch.setattr(pad, "anywidget", None)
    assert set(pad.Pad(ours)._repr_mimebundle_()[0]) == {"image/png", "text/plain"}


CELL = """
import shared, keras
from shared import pad
from keras import layers
keras.utils.set_random_seed(0)
model = keras.Sequential([layers.Input((28, 28)), layers.Flatten(), layers.Dense(10)])
pad.Pad(model)
"""


@pytest.mark.slow
def test_a_stored_pad_is_text_and_a_picture_and_nbval_passes(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL) for _ in range(2)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, tmp_path / "stored.ipynb")
    execute.execute(tmp_path / "stored.ipynb")
    stored = nbformat.read(tmp_path / "stored.ipynb", as_version=nbformat.NO_CONVERT)
    nbformat.validate(stored)
    for cell in stored.cells:
        assert [set(o.data) for o in cell.outputs] == [{"text/plain", "image/png"}]
        assert cell.outputs[0].data["text/plain"] == pad.SENTENCE
        assert cell.metadata == {} and cell.outputs[0].metadata == {}
    assert "widgets" not in stored.metadata
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    options = ["-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "stored.ipynb"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_what_was_written_over_is_not_stored():
    stream = lambda text: nbformat.v4.new_output("stream", name="stdout", text=text)  # noqa: E731
    picture = nbformat.v4.new_output("display_data", data={"image/png": "", pad.WIDGET: {}})
    kept = execute.plain([stream("compiling ..."), stream("\r     "), picture, stream("\ra\rb\n")])
    assert [o.output_type for o in kept] == ["display_data", "stream"]
    assert kept[1].text == "b\n" and set(kept[0].data) == {"image/png"}
    kept = execute.plain([stream("first\n\rline"), stream("\r    "), picture, stream("\rlast\n")])
    assert [o.get("text") for o in kept] == ["first\n", None, "last\n"]


def test_a_stored_picture_has_a_palette_and_looks_the_same():
    file = io.BytesIO()
    shades = np.random.default_rng(0).integers(0, 255, 40)
    picture = np.zeros((60, 80, 4), np.uint8)
    picture[..., :3] = shades.repeat(2)[:, None]
    picture[..., 3] = 255
    Image.fromarray(picture).save(file, "PNG")
    png = base64.b64encode(file.getvalue()).decode()
    small = Image.open(io.BytesIO(base64.b64decode(execute.with_palette(png))))
    assert small.mode in ("P", "RGBA") and len(execute.with_palette(png)) <= len(png)
    assert np.abs(np.asarray(small.convert("RGB")).astype(int) - picture[..., :3]).max() <= 2
