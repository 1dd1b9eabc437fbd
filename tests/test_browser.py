"""A notebook in a real JupyterLab in a real browser, used as a reader uses it.

Needs Chromium (or Chrome) on the PATH and `pip install playwright`; skipped where they are missing.
"""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import nbformat
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


def run_all(page, timeout):
    """Restarts the kernel, runs all cells; returns what the page shows in the end, and the number
    of different texts that each cell's output was seen to show until then."""
    for _ in range(5):  # a restart while JupyterLab is still starting may leave all cells waiting
        page.wait_for_timeout(5000)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Restart Kernel and Run All Cells").click()
        page.wait_for_timeout(1000)
        page.click(".jp-Dialog .jp-mod-accept")
        with contextlib.suppress(playwright.TimeoutError):
            page.wait_for_selector(".jp-InputPrompt:text-matches('[0-9]')", timeout=60_000)
            break
    deadline, shown = time.monotonic() + timeout, set()
    while time.monotonic() < deadline:
        seen = page.evaluate(SEEN)
        shown.update(enumerate(seen["outputs"]))
        if not any(prompt.strip() in ("[*]:", "[ ]:") for prompt in seen["prompts"]):
            return seen, Counter(cell for cell, _ in shown)
        time.sleep(0.3)
    raise AssertionError(f"after {timeout} s: {seen['prompts']}")


@pytest.mark.parametrize(
    "name, folder",
    [
        ("01_Softmax_classifier", "."),
        ("01_Softmax_classifier", ".."),
        ("07_MLP_Keras_ReLU_Softmax", "."),
    ],
)
def test_all_cells_run_in_jupyterlab(project, jupyterlab, page, name, folder):
    """folder: where JupyterLab is started, seen from the project."""
    started_in = (project / folder).resolve()
    path = (project / "notebooks" / f"{name}.ipynb").relative_to(started_in).as_posix()
    open_notebook(page, *jupyterlab(started_in), path)
    seen, changes = run_all(page, timeout=400)
    assert seen["prompts"] == [f"[{n}]:" for n in range(1, len(seen["prompts"]) + 1)]
    assert seen["red"] == [] and seen["unrendered"] == 0
    assert len(seen["pictures"]) >= 5 and min(seen["pictures"]) > 100
    assert "✓ " in "".join(seen["outputs"])
    # A training shows that it goes on, and its last line covers how long it was going to take.
    assert max(changes.values()) >= 4
    assert not any(" s left" in output.split("\r")[-1] for output in seen["outputs"])
    # JupyterLab itself speaks of requests that the restart of the kernel has cancelled.
    assert [text for text in page.said if "Canceled future" not in text] == []
