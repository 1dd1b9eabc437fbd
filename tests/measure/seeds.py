"""Executes notebooks with other seeds and prints which of their claims do not hold there.

    python tests/measure/seeds.py [notebooks/03_MLP_ReLU.ipynb ...] [--seeds 5 6 7 8 9]

A claim that fails does not stop its run: all claims are checked, and each that fails is printed
with the values that it was computed from. A cell that fails otherwise ends its run. One line of a
table for each run: test accuracy, seconds, claims checked, claims failed. Nothing is written.
The exit status is 0 when all runs reached their end, whatever their claims said; otherwise 1.
"""

import argparse
import json
import re
import sys
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError, DeadKernelError
from results import FOLDER, execute, printed_accuracy, with_seed  # the program beside this one

# Run by the kernel before the notebook's first cell: a claim that fails is printed, not raised.
RECORD = f"""
import json, sys
sys.path.insert(0, {str(FOLDER.parent)!r})
from shared import claims

def recorded(claim):
    def record(text, condition, **measured):
        print()  # so that its line is a line, whatever was printed before
        try:
            claim(text, condition, **measured)
        except AssertionError as error:
            print("✗", json.dumps(str(error)))
        except Exception as error:
            print("✗", json.dumps(f"{{type(error).__name__}}: {{error}}"))
    return record

claims.claim = recorded(claims.claim)
"""


def claims_of(notebook):
    """Returns (how many claims were checked, [what each says that failed]) of an executed run."""
    printed = "".join(o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", []))
    failed = [json.loads(text) for text in re.findall(r"^✗ (.*)$", printed, re.MULTILINE)]
    return len(re.findall(r"^✓ ", printed, re.MULTILINE)) + len(failed), failed


def run(path, seed):
    """Returns (table row, [what failed], whether the run reached its end)."""
    notebook = with_seed(path, seed)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(RECORD))
    accuracy, seconds, stopped = "", "", []
    try:
        seconds = f"{execute(notebook, path.parent):.0f} s"
        accuracy = f"{printed_accuracy(notebook):.2f} %"
    except CellExecutionError as error:
        stopped = [f"ended by {error.ename}: {error.evalue}"]
    except DeadKernelError:
        stopped = ["the kernel died"]
    checked, failed = claims_of(notebook)
    row = f"| {path.stem} | {seed} | {accuracy} | {seconds} | {checked} | {len(failed)} |"
    return row, failed + stopped, not stopped


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "notebooks", nargs="*", type=Path, default=sorted(FOLDER.glob("[!_]*.ipynb"))
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=range(5, 10))
    options = parser.parse_args()
    rows, complete = [], True
    for path in options.notebooks:
        for seed in options.seeds:
            row, failed, ended = run(path.resolve(), seed)
            print(row, *(f"    {text}" for text in failed), sep="\n", flush=True)
            rows, complete = [*rows, row], complete and ended
    print("\n| notebook | seed | test accuracy | time | claims | failed |")
    print("|---|---:|---:|---:|---:|---:|", *rows, sep="\n")
    sys.exit(not complete)


if __name__ == "__main__":
    main()
