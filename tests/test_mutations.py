"""The mutations can be made in the notebooks as they are now; their runs take half an hour."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

MEASURE = Path(__file__).parent / "measure"
NOTEBOOKS = sorted((MEASURE.parents[1] / "notebooks").glob("[!_]*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem[:2])
def test_a_notebook_has_at_least_five_mutations_each_described_once(path):
    mutations = runpy.run_path(str(MEASURE / "mutations" / f"{path.stem[:2]}.py"))["MUTATIONS"]
    assert len({mutation["wrong"] for mutation in mutations}) == len(mutations) >= 5


@pytest.mark.slow
def test_every_mutation_changes_what_is_executed_and_no_name_is_missing():
    command = [sys.executable, MEASURE / "mutations.py", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
