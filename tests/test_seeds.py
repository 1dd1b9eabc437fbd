"""The program that tries other seeds reports every claim that fails, and goes on."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

PROGRAM = Path(__file__).parent / "measure" / "seeds.py"
CELLS = (
    "from shared.claims import claim\nSEED = 0",
    'print("a line without an end", end="")\nclaim("the seed is 5", SEED == 5, seed=SEED)',
    'claim("two is more than one", 2 > 1)\nclaim("this is no condition", 0.5)',
    'print("test accuracy 98.76 %")',
)


@pytest.fixture
def report(tmp_path):
    def run(*cells):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        nbformat.write(notebook, tmp_path / "tiny.ipynb")
        command = [sys.executable, PROGRAM, tmp_path / "tiny.ipynb", "--seeds", "5", "6"]
        return subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", check=False
        )

    return run


@pytest.mark.slow
def test_every_claim_of_every_seed_is_checked_and_those_that_fail_are_shown(report):
    done = report(*CELLS)
    assert done.returncode == 0, done.stderr
    table = done.stdout.split("\n\n")[-1]
    for seed, failed in ((5, 1), (6, 2)):
        row = next(line for line in table.splitlines() if line.startswith(f"| tiny | {seed} |"))
        assert "| 98.76 % |" in row and row.endswith(f"| 3 | {failed} |")
    assert done.stdout.count("this does not hold here: the seed is 5") == 1
    assert "seed = 6" in done.stdout
    assert done.stdout.count("TypeError: the condition of 'this is no condition'") == 2


@pytest.mark.slow
def test_a_cell_that_fails_otherwise_ends_its_run_and_is_reported(report):
    done = report(*CELLS[:3], "1 / 0", 'claim("never reached", False)')
    assert done.returncode == 1
    assert done.stdout.count("ended by ZeroDivisionError: division by zero") == 2
    assert "| tiny | 6 |  |  | 3 | 2 |" in done.stdout and "never" not in done.stdout
