"""Stores the test accuracies of notebooks 09 and 10 from several seeds, which notebook 10 compares.

    python tests/measure/last_trainings.py [--notebooks notebooks/10_CNN_Keras_TF.ipynb] [--seeds 0]

Of each notebook the cell that prints the test accuracy is executed once for every seed, with what
it needs of the cells before it (needed.py), and after every run its line of
notebooks/last_trainings.json is written: what the notebook has printed, the date and the machine.
Lines of other seeds and notebooks stay, so that the runs may be made one at a time (a run of 10
takes several minutes). A claim that does not hold is printed and does not stop its run. The exit
status is 1 if a run did not reach its end.
"""

import argparse
import json
import re
import sys
from datetime import date
from pathlib import Path

import nbformat

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = [FOLDER / "09_CNN_Manual_TF.ipynb", FOLDER / "10_CNN_Keras_TF.ipynb"]
TARGET = FOLDER / "last_trainings.json"
LINE = r"^(test accuracy|one view) +([\d.]+)\s?%"


def printed(notebook):
    """Returns {"test accuracy": percent}, with "one view" if it is there, as a run has printed it.

    Raises ValueError if an executed notebook has printed no test accuracy.
    """
    text = "".join(o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", []))
    found = {name: float(value) for name, value in re.findall(LINE, text, re.MULTILINE)}
    if "test accuracy" not in found:
        raise ValueError('found no line "test accuracy 99.50%" in what the notebook has printed')
    return found


def store(name, seed, values, target=TARGET):
    """Writes one run into the file {notebook: {seed: values}}, in place of an earlier one."""
    runs = json.loads(target.read_text(encoding="utf-8")) if target.exists() else {}
    runs.setdefault(name, {})[str(seed)] = values
    ordered = {name: dict(sorted(runs[name].items())) for name in sorted(runs)}
    target.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")


def run(path, seed):
    """Returns (what the notebook prints with this seed, [what its failed claims say])."""
    from mutations import number, selected  # the programs beside this one
    from results import execute, with_seed
    from seeds import RECORD, claims_of

    notebook = with_seed(path, seed)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    needed = selected(cells, {number(cells, 'print(f"test accuracy')})
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in (RECORD, *needed.values())]
    execute(notebook, path.parent)
    return printed(notebook), claims_of(notebook)[1]


def main():
    from benchmark import machine
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--notebooks", nargs="+", type=Path, default=NOTEBOOKS)
    parser.add_argument("--seeds", nargs="+", type=int, default=range(5))
    options = parser.parse_args()
    ended = True
    for seed in options.seeds:
        for path in options.notebooks:
            try:
                values, failed = run(path.resolve(), seed)
            except (CellExecutionError, DeadKernelError, ValueError) as error:
                print(f"{path.stem}, seed {seed}: {type(error).__name__}: {error}", flush=True)
                ended = False
                continue
            store(path.stem, seed, values | {"date": str(date.today()), "machine": machine()})
            print(f"{path.stem}, seed {seed}: {values}", *failed, sep="\n    ", flush=True)
    sys.exit(not ended)


if __name__ == "__main__":
    main()
