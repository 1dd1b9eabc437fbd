"""A notebook in a real JupyterLab in a real browser, used as a reader uses it.

Needs Chromium (or Chrome) on the PATH and `pip install playwright`; skipped where they are missing.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import nbformat
import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
BROWSERS = ["chromium", "chromium-browser", "google-chrome", "chrome"]
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)
# All cells in the page at once, and no news fetched from the network.
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
SEEN = """() => ({
    prompts: [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(e => e.textContent),
    outputs: [...document.querySelectorAll('.jp-CodeCell .jp-OutputArea')].map(e => e.textContent),
    red: [...document.querySelectorAll('[data-mime-type$="stderr"], [data-mime-type$="error"]')]
        .map(e => e.textContent),
    pictures: [...document.querySelectorAll('.jp-OutputArea img')].map(e => e.naturalWidth),
    unrendered: document.querySelectorAll('mjx-merror, .MathJax_Error').length,
})"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason=f"found none of {', '.join(BROWSERS)}"),
]
playwright = pytest.importorskip("playwright.sync_api", reason="pip install playwright")


@pytest.fixture
def project(tmp_path):
    """A copy of what a notebook needs; its notebooks have not been run yet."""
    (tmp_path / "project" / "notebooks").mkdir(parents=True)
    for path in (REPOSITORY / "notebooks").glob("[!_]*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.update(outputs=[], execution_count=None)
        nbformat.write(notebook, tmp_path / "project" / "notebooks" / path.name)
    for folder in ("shared", "data"):
        (tmp_path / "project" / folder).symlink_to(REPOSITORY / folder)
    pictures = tmp_path / "project" / "notebooks" / "pictures"  # of the first screens
    shutil.copytree(REPOSITORY / "notebooks" / "pictures", pictures)
    return tmp_path / "project"


@pytest.fixture
def jupyterlab(project, tmp_path):
    """Yields a function: from the folder that JupyterLab is started in, to (address, token)."""
    for name, values in SETTINGS.items():
        file = tmp_path / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    environment = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),  # no notebook of another day
    }
    servers = []

    def start(folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        token = secrets.token_hex(16)
        options = ["--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0"]
        command = [
            sys.executable,
            "-m",
            "jupyterlab",
            *options,
            f"--IdentityProvider.token={token}",
        ]
        log = open(tmp_path / "server.log", "w")  # noqa: SIM115, closed with the server
        servers.append((subprocess.Popen(command, cwd=folder, env=environment, stderr=log), log))
        return f"http://localhost:{port}", token

    yield start
    for server, log in servers:
        server.terminate()
        server.wait(30)
        log.close()


@pytest.fixture
def page():
    """A page of a browser, and what it says on its console, in page.said."""
    with playwright.sync_playwright() as driver:
        sandbox = ["--no-sandbox"] if hasattr(os, "getuid") and os.getuid() == 0 else []
        flags = [*sandbox, "--disable-gpu", "--disable-background-networking"]
        browser = driver.chromium.launch(executable_path=BROWSER, args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.said = []
        page.on("console", lambda m: page.said.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: page.said.append(str(error)))
        yield page
        browser.close()


def write_notebook(project, name, *cells):
    """Writes a notebook of these code cells beside the others."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["kernelspec"] = kernel
    nbformat.write(notebook, project / "notebooks" / f"{name}.ipynb")


def cut(path, text):
    """Leaves out the cell that contains this text, and all that follow it."""
    notebook = nbformat.read(path, as_version=4)
    (place,) = (i for i, cell in enumerate(notebook.cells) if text in cell.source)
    notebook.cells = notebook.cells[:place]
    nbformat.write(notebook, path)


def open_notebook(page, address, token, path):
    deadline = time.monotonic() + 90
    while True:  # until the server answers
        try:
            page.goto(f"{address}/lab/tree/{path}?token={token}")
            break
        except playwright.Error:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=90_000)
    page.wait_for_selector("[data-status=idle]", timeout=90_000)


def start_all(page):
    """Restarts the kernel and runs all cells; returns when the first has started."""
    for _ in range(5):  # a restart while JupyterLab is still starting may leave all cells waiting
        page.wait_for_timeout(5000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Restart Kernel and Run All Cells").click()
        page.wait_for_timeout(1000)
        page.click(".jp-Dialog .jp-mod-accept")
        with contextlib.suppress(playwright.TimeoutError):
            page.wait_for_selector(".jp-InputPrompt:text-matches('[0-9]')", timeout=60_000)
            break


def run_all(page, timeout):
    """Restarts the kernel, runs all cells; returns what the page shows in the end, and the number
    of different texts that each cell's output was seen to show until then."""
    start_all(page)
    deadline, shown = time.monotonic() + timeout, set()
    while time.monotonic() < deadline:
        seen = page.evaluate(SEEN)
        assert seen["red"] == []
        shown.update(enumerate(seen["outputs"]))
        if not any(prompt.strip() in ("[*]:", "[ ]:") for prompt in seen["prompts"]):
            return seen, Counter(cell for cell, _ in shown)
        time.sleep(0.3)
    raise AssertionError(f"after {timeout} s: {seen['prompts']}")


@pytest.mark.parametrize(
    "name, folder, end",
    [
        ("01_Softmax_classifier", ".", None),
        ("01_Softmax_classifier", "..", "## Batch size"),
        ("07_MLP_Keras_ReLU_Softmax", ".", "## The final training"),
    ],
)
def test_all_cells_run_in_jupyterlab(project, jupyterlab, page, name, folder, end):
    """folder: where JupyterLab is started, seen from the project; end: the first cell left out."""
    started_in = (project / folder).resolve()
    if end:
        cut(project / "notebooks" / f"{name}.ipynb", end)
    path = (project / "notebooks" / f"{name}.ipynb").relative_to(started_in).as_posix()
    open_notebook(page, *jupyterlab(started_in), path)
    seen, changes = run_all(page, timeout=400)
    cells = nbformat.read(project / "notebooks" / f"{name}.ipynb", as_version=4).cells
    folded = [c.metadata.get("jupyter", {}).get("source_hidden") for c in cells if "outputs" in c]
    assert seen["prompts"] == ["" if hidden else f"[{n}]:" for n, hidden in enumerate(folded, 1)]
    assert seen["unrendered"] == 0
    assert len(seen["pictures"]) >= 5 and min(seen["pictures"]) > 100
    assert "✓ " in "".join(seen["outputs"])
    # A training shows that it goes on, and its last line covers how long it was going to take.
    assert max(changes.values()) >= 4
    assert not any(" s left" in output.split("\r")[-1] for output in seen["outputs"])
    # JupyterLab itself speaks of requests that the restart of the kernel has cancelled.
    assert [text for text in page.said if "Canceled future" not in text] == []


SETUP = """
import sys; sys.path.insert(0, "..")
from shared import mnist, pad, progress, training
import keras
from keras import layers
images, labels = [part[:20000] for part in mnist.load().train]

def build():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layers.Input((28, 28)), layers.Rescaling(1 / 255),
        layers.Reshape((28, 28, 1)), layers.Conv2D(16, 5, strides=2, activation="relu"),
        layers.Conv2D(32, 3, strides=2, activation="relu"), layers.Flatten(), layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model
"""
LINEAR = """
linear = keras.Sequential([layers.Input((28, 28)), layers.Flatten(), layers.Dense(10)])
"""
TRAIN = """
cnn = build()
history = cnn.fit(images, labels, epochs=3, verbose=0)
history = training.fit(linear, keras.optimizers.SGD(0.1), (images, labels), epochs=1)
"""
ROUND = 2 * np.pi * np.arange(25) / 24
STROKES = {  # the points of each digit, in a square from 0 to 1
    0: np.stack([0.5 + 0.35 * np.sin(ROUND), 0.5 - 0.5 * np.cos(ROUND)], axis=1),
    1: [(0.55, 0), (0.5, 0.5), (0.45, 1)],
    7: [(0.15, 0), (0.85, 0), (0.6, 0.45), (0.4, 1)],
    3: [
        (0.2, 0.1), (0.45, 0), (0.7, 0.1), (0.72, 0.3), (0.55, 0.45), (0.4, 0.47),
        (0.65, 0.53), (0.8, 0.7), (0.7, 0.92), (0.45, 1), (0.2, 0.9),
    ],
}  # fmt: skip


def draw(page, pad, points, left, top, size):
    """Draws with the mouse: a line through the points of the unit square, scaled and moved."""
    pad.locator(".page").scroll_into_view_if_needed()
    box = pad.locator(".page").bounding_box()
    for number, (x, y) in enumerate(points):
        x = box["x"] + box["width"] * (left + size * x)
        y = box["y"] + box["height"] * (top + size * y)
        page.mouse.move(x, y, steps=4)
        if number == 0:
            page.mouse.down()
    page.mouse.up()


def wait_for_note(pad, pattern):
    pad.locator(".note", has_text=re.compile(pattern)).wait_for(timeout=30_000)


def ink(pad):
    """Returns the image that the network sees, uint8 [28, 28]."""
    values = pad.locator(".small").first.evaluate(
        "c => Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data)"
    )
    return np.reshape(values, (28, 28, 4))[..., 0]


def test_the_reader_draws_digits_and_the_bars_name_them(project, jupyterlab, page):
    write_notebook(project, "pad", SETUP + LINEAR, TRAIN, 'pad.Pad({"linear": linear, "CNN": cnn})')
    open_notebook(page, *jupyterlab(project), "notebooks/pad.ipynb")
    run_all(page, timeout=400)
    pad = page.locator(".pad")
    undo, clear = (pad.get_by_role("button", name=name) for name in ("undo", "clear"))
    assert undo.is_disabled() and clear.is_disabled()
    for digit, points in STROKES.items():
        for place in [(0.15, 0.12, 0.7), (0.03, 0.05, 0.35), (0.6, 0.55, 0.4)]:
            draw(page, pad, points, *place)
            wait_for_note(pad, rf"linear: \d, .*CNN: {digit},")
            clear.click()
            assert pad.locator(".note").inner_text() == "" and ink(pad).max() == 0

    draw(page, pad, STROKES[1], 0.1, 0.1, 0.7)
    wait_for_note(pad, "CNN: 1,")
    page.wait_for_timeout(2000)
    first = ink(pad)
    pad.get_by_role("checkbox").uncheck()
    page.wait_for_timeout(2000)
    assert np.abs(ink(pad) - first).max() > 100  # not in the middle any more
    pad.get_by_role("checkbox").check()
    draw(page, pad, [(0, 0), (1, 0)], 0.02, 0.15, 0.5)
    undo.click()
    page.wait_for_timeout(2000)
    assert np.array_equal(ink(pad), first)
    undo.click()
    assert pad.locator(".note").inner_text() == "" and undo.is_disabled()

    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.click("[data-command='kernelmenu:restart']")
    page.click(".jp-Dialog .jp-mod-accept")
    page.wait_for_timeout(8000)
    draw(page, pad, STROKES[1], 0.1, 0.1, 0.7)
    wait_for_note(pad, "this cell must be run again")
    shown = page.locator(".jp-Notebook").inner_text()
    assert "rror" not in shown
    assert [text for text in page.said if "Canceled future" not in text] == []


TRAININGS = {
    "ours": """training.fit(linear, keras.optimizers.SGD(0.01), (images, labels), epochs=9000,
                            curve="a linear classifier")""",
    "Keras": "build().fit(images, labels, epochs=1000, verbose=2, callbacks=[progress.Curve()])",
}


@pytest.mark.parametrize("training", TRAININGS)
def test_the_curves_grow_while_a_training_runs_and_an_interrupt_leaves_them(
    project, jupyterlab, page, training
):
    write_notebook(project, "curves", SETUP + LINEAR, TRAININGS[training])
    open_notebook(page, *jupyterlab(project), "notebooks/curves.ipynb")
    start_all(page)
    picture = page.locator(".jp-OutputArea img")
    sources, deadline = set(), time.monotonic() + 300
    while len(sources) < 2 and time.monotonic() < deadline:
        sources.update(img.get_attribute("src") for img in picture.all())
        time.sleep(0.3)
    assert len(sources) == 2
    assert "[*]" in page.locator(".jp-InputPrompt").last.inner_text()  # while it runs
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.click("[data-command='kernelmenu:interrupt']")
    page.wait_for_selector(
        ":text('KeyboardInterrupt'), :text('interrupted in epoch')", timeout=60_000
    )
    page.wait_for_timeout(1000)
    assert picture.count() == 1 and picture.evaluate("img => img.naturalWidth") > 500
