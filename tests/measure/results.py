"""Runs notebooks from several seeds and prints their lines of the README's table of results.

    python tests/measure/results.py [notebooks/03_MLP_ReLU.ipynb ...] [--seeds 0 1 2 3 4]

Each notebook is executed from top to bottom once for every seed, one after the other; nothing is
written. A run in which a claim does not hold is reported with what the claim says, and the exit
status is 1. Test accuracy: mean and range over the seeds. Time: the median of the runs.
"""

import argparse
import re
import sys
import time
from pathlib import Path
from statistics import mean, median

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"


def with_seed(path, seed):
    """Returns the notebook, read from its file, with another seed."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = re.sub(r"^SEED = 0$", f"SEED = {seed}", cell.source, flags=re.MULTILINE)
    return notebook


def execute(notebook, folder):
    """Runs it from top to bottom, in place, and returns the seconds that it took.

    Raises CellExecutionError if a cell fails, DeadKernelError if the process dies.
    """
    began = time.perf_counter()
    NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute()
    return time.perf_counter() - began


def run(path, seed):
    """Returns (the executed notebook, its seconds); raises what `execute` raises."""
    notebook = with_seed(path, seed)
    return notebook, execute(notebook, path.parent)


def printed_accuracy(notebook):
    """Returns the test accuracy, in percent, that an executed notebook has printed."""
    printed = "".join(o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", []))
    return float(re.search(r"^test accuracy +([\d.]+)\s?%", printed, re.MULTILINE)[1])


def result(accuracies):
    """Returns mean and range as the README writes them."""
    return f"{mean(accuracies):.2f} % ({min(accuracies):.2f} to {max(accuracies):.2f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "notebooks", nargs="*", type=Path, default=sorted(FOLDER.glob("[!_]*.ipynb"))
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=range(5))
    options = parser.parse_args()
    failed = False
    for path in options.notebooks:
        accuracies, seconds = [], []
        for seed in options.seeds:
            try:
                notebook, took = run(path, seed)
            except CellExecutionError as error:
                print(f"{path.stem}, seed {seed}: {error.ename}: {error.evalue}", flush=True)
                failed = True
                continue
            accuracies.append(printed_accuracy(notebook))
            seconds.append(took)
            print(f"{path.stem}, seed {seed}: {accuracies[-1]:.2f} %, {took:.0f} s", flush=True)
        if accuracies:
            print(f"| {path.stem} | {result(accuracies)} | {median(seconds):.0f} s |", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
