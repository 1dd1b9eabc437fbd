"""What a training shows, with a clock that the test sets, and in a kernel."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import keras
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

from shared import progress

REPOSITORY = Path(__file__).resolve().parent.parent
VALUES = {"loss": 0.5, "accuracy": 0.9, "val_loss": 0.6, "val_accuracy": 0.8}


class Clock:
    """Stands for time.perf_counter: it moves only when told to."""

    def __init__(self):
        self.now = 1000.0

    def perf_counter(self):
        return self.now


class Page:
    """What a notebook would show: the pictures' epochs, and when each was drawn."""

    def __init__(self, clock, cost):
        self.clock, self.cost, self.drawn, self.outputs = clock, cost, [], []

    def show_png(self, epochs, display_id, update):
        self.clock.now += self.cost
        self.drawn.append((self.clock.now, epochs))
        if not update:
            self.outputs.append(display_id)
        assert self.outputs[-1] == display_id


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


@pytest.fixture
def notebook(monkeypatch, clock):
    """Returns a function from the cost of a drawing, in seconds, to the Page."""

    def page(cost=0.2):
        page = Page(clock, cost)
        monkeypatch.setattr(progress, "in_notebook", lambda: True)
        monkeypatch.setattr(progress, "png", lambda figure: len(figure.epoch))
        monkeypatch.setattr(progress, "show_png", page.show_png)
        return page

    return page


def train(clock, epochs, seconds, curve=None, verbose=True, until=None):
    """Runs a training of so many epochs of so many seconds; returns its Progress."""
    shown = progress.Progress(epochs, verbose, curve)
    shown.begin()
    for epoch in range(epochs if until is None else until):
        for part in (0.25, 0.5, 0.75):
            clock.now += seconds / 4
            shown.show(epoch, part, 0.5, 0.9)
        clock.now += seconds / 4
        assert shown.end(epoch, VALUES) == pytest.approx(seconds)
    return shown


@pytest.mark.parametrize("epochs, seconds", [(1, 60), (3, 3), (90, 0.1), (5, 1.9)])
def test_a_short_training_shows_no_figure(notebook, clock, epochs, seconds):
    page = notebook()
    train(clock, epochs, seconds)
    assert page.drawn == []


@pytest.mark.parametrize("epochs, seconds", [(2, 20), (5, 4), (200, 0.1), (13, 3)])
def test_a_long_training_shows_one_figure_from_the_start_to_the_end(
    notebook, clock, epochs, seconds
):
    page = notebook()
    train(clock, epochs, seconds)
    assert len(page.outputs) == 1
    assert page.drawn[0][1] == -(-epochs // 10) and page.drawn[-1][1] == epochs


@pytest.mark.parametrize("seconds", [0.01, 10])
def test_a_figure_with_a_title_is_shown_whatever_the_time(notebook, clock, seconds):
    page = notebook()
    train(clock, 5, seconds, curve="title")
    assert len(page.outputs) == 1
    assert page.drawn[0][1] == 0 and page.drawn[-1][1] == 5


@pytest.mark.parametrize("cost", [0.002, 0.2, 2.0])
@pytest.mark.parametrize("curve", [None, "title"])
def test_the_redraws_cost_less_than_their_share_and_come_at_most_twice_a_second(
    notebook, clock, cost, curve
):
    page = notebook(cost)
    began = clock.now
    train(clock, 400, 0.3, curve)
    times = np.array([when for when, _ in page.drawn[bool(curve) : -1]])
    assert cost * len(times) <= progress.SHARE * (clock.now - began) + cost
    assert len(times) < 2 or min(np.diff(times)) >= max(0.5, cost / progress.SHARE)
    assert cost == 2.0 or len(times) > 5  # it does grow


def test_the_time_of_a_drawing_counts_for_no_epoch(notebook, clock):
    notebook(cost=5.0)
    train(clock, 10, 30)  # asserts the seconds


def test_the_text_is_the_same_with_and_without_the_figure(notebook, clock, capsys):
    texts = []
    for page in (False, True):
        if page:
            notebook()
        train(clock, 13, 3)
        texts.append(re.sub(r"(?m)^.*\r", "", capsys.readouterr().out))
    assert texts[0] == texts[1] and texts[0].count("\n") == 7


def test_what_was_written_above_the_figure_is_wiped_out(notebook, clock, monkeypatch, capsys):
    page = notebook()
    above = []
    monkeypatch.setattr(page, "show_png", lambda *_, **__: above.append(capsys.readouterr().out))
    monkeypatch.setattr(progress, "show_png", page.show_png)
    train(clock, 5, 4)
    assert above[0].split("\r")[-1].strip() == ""
    assert len(above[0].split("\r")[-1]) >= max(map(len, above[0].split("\r")))


def test_an_interrupted_training_draws_what_it_has(notebook, clock):
    page = notebook()
    shown = train(clock, 20, 1.5, until=4)
    assert page.drawn[-1][1] == 2
    shown.close()
    shown.close()
    assert [epochs for _, epochs in page.drawn] == [2, 4]


def test_without_verbose_nothing_is_shown(notebook, clock, capsys):
    page = notebook()
    train(clock, 20, 10, curve="title", verbose=False).close()
    assert page.drawn == [] and capsys.readouterr().out == ""


def test_a_terminal_shows_lines_only(clock, monkeypatch, capsys):
    monkeypatch.setattr(progress, "png", None)
    train(clock, 20, 10, curve="title").close()
    assert capsys.readouterr().out.count("\n") == 10


def test_the_picture_is_small_and_does_not_change_its_size_while_it_grows():
    figure = progress.GrowingFigure("a title")
    sizes = set()
    for _ in range(6):
        picture = progress.png(figure)
        sizes.add(Image.open(io.BytesIO(picture)).size)
        assert len(picture) < 100_000
        for _ in range(50):
            figure.append(VALUES)
    assert len(sizes) == 1


KERAS = """
import shared, keras, numpy as np
from shared import progress
model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
x, y = np.zeros((64, 28, 28), "float32"), np.zeros(64, "int32")
history = model.fit(x, y, validation_data=(x, y), epochs=4, verbose=0,
                    callbacks=[progress.Curve("Keras")])
print("done")
"""
OURS = """
import shared, time
from shared import progress
shown = progress.Progress(3, True, "ours")
shown.begin()
for epoch in range(3):
    time.sleep(0.01)
    shown.show(epoch, 1.0, 0.5, 0.5)
    shown.end(epoch, {"loss": 0.5, "accuracy": 0.5})
"""


@pytest.fixture(scope="module")
def executed():
    """The two cells above, executed as the notebooks are."""
    cells = [nbformat.v4.new_code_cell(source) for source in (KERAS, OURS)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "", "language": "python"}
    return NotebookClient(notebook, resources={"metadata": {"path": str(REPOSITORY)}}).execute()


@pytest.mark.slow
@pytest.mark.parametrize("cell", [0, 1], ids=["Keras", "ours"])
def test_a_stored_notebook_holds_one_picture_and_no_text_of_it(executed, cell):
    outputs = executed.cells[cell].outputs
    assert [set(o.data) for o in outputs if o.output_type == "display_data"] == [{"image/png"}]
    assert [o.output_type for o in outputs].index("display_data") == 0


@pytest.mark.slow
def test_the_cell_compares_equal_to_itself_without_the_picture(executed, tmp_path):
    """As nbval compares it: a training that was shorter shows no picture."""
    for number, cell in enumerate(executed.cells, start=1):
        cell.execution_count = number
        cell.outputs = [o for o in cell.outputs if o.output_type != "display_data"]
    (tmp_path / "short.ipynb").write_text(nbformat.writes(executed), encoding="utf-8")
    sanitizer = REPOSITORY / "tests" / "nbval_sanitize.cfg"
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    options = ["--nbval", "--nbval-current-env", f"--nbval-sanitize-with={sanitizer}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options, "short.ipynb"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_keras_outside_a_notebook_draws_nothing(monkeypatch):
    monkeypatch.setattr(progress, "png", None)
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.zeros((4, 2), "float32")
    model.fit(x, x[:, :1], epochs=2, verbose=0, callbacks=[progress.Curve()])
