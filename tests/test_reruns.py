"""Every cell run twice, one after the other: the classic fault of notebooks is hidden state.

Each notebook is executed on a short budget (short_budget.py). What a cell prints the second time
must be what it printed the first time, but for measured decimals. The test accuracy at the end must
be, to the last digit, that of a fresh kernel in which every cell was run once.
"""

import copy
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from measure.results import printed_accuracy
from nbclient import NotebookClient
from nbval.plugin import get_sanitize_patterns

PATTERNS = Path(__file__).with_name("nbval_sanitize.cfg").read_text(encoding="utf-8")
SANITIZE = get_sanitize_patterns(PATTERNS)
FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
SHORT_BUDGET = """
import sys

sys.path[:0] = ["..", "../tests"]
import short_budget

short_budget.install()
"""


def printed(cell):
    """Returns what a cell prints and shows, with what nbval does not compare replaced as there."""
    text = "".join(o.get("text", "") for o in cell.outputs if o.get("name") == "stdout")
    text = re.sub(r".*\r", "", text)  # progress that has been written over
    for pattern, replacement in SANITIZE:
        text = re.sub(pattern, replacement, text)
    pictures = sum("image/png" in output.get("data", {}) for output in cell.outputs)
    return re.sub(r" *-?(nan|inf)", "NUMBER", text), pictures  # of trainings that were cut short


def executed(path, times):
    """Returns the notebook after a run on the short budget, each code cell run so many times."""
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells = [nbformat.v4.new_code_cell(SHORT_BUDGET)]
    notebook.cells += [copy.deepcopy(cell) for cell in cells for _ in range(times)]
    NotebookClient(notebook, resources={"metadata": {"path": str(FOLDER)}}).execute()
    return notebook


def test_nbval_reads_every_pattern_of_the_file():
    """It passes over a pattern in silence whose replacement is empty."""
    assert len(SANITIZE) == PATTERNS.count("\nregex:")


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(FOLDER.glob("[!_]*.ipynb")), ids=lambda path: path.stem)
def test_every_cell_can_be_run_twice(path):
    with ThreadPoolExecutor() as pool:  # a kernel each
        twice, once = pool.map(lambda times: executed(path, times), (2, 1))
    for first, second in zip(twice.cells[1::2], twice.cells[2::2], strict=True):
        assert printed(first) == printed(second), first.source
    assert printed_accuracy(twice) == printed_accuracy(once)
