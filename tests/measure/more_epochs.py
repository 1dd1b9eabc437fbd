"""Trains the final network of notebook 10 for fewer and for more epochs than the notebook does.

    python tests/measure/more_epochs.py [--epochs 1 2 4 8 15 30] [--seeds 0 1]

For each seed and number of epochs, the cells of the notebook that the training needs are executed
as they stand there, in a fresh kernel; only the seed and the number of epochs are others. Prints
validation accuracy, test accuracy and the seconds of the training. Notebook 10 shows the numbers.
"""

import argparse
import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient

PATH = Path(__file__).resolve().parents[2] / "notebooks" / "10_CNN_Keras_TF.ipynb"
NEEDED = (  # a line of each cell
    "SEED = 0",
    "def network(",
    "def warp(",
    "def batches(",
    "def rise_and_fall(",
    "class Lines(",
)
RESULT = """
x_test = mnist.scale(data.test.images).numpy()[..., None]
_, test_accuracy = model.evaluate(x_test, data.test.labels, batch_size=500, verbose=0)
print(history.history["val_accuracy"][-1], test_accuracy, seconds)
"""


def run(epochs, seed):
    """Returns (validation accuracy, test accuracy, seconds) of one training."""
    notebook = nbformat.read(PATH, as_version=4)
    needed = [c for c in notebook.cells if any(f"\n{line}" in f"\n{c.source}" for line in NEEDED)]
    for cell in needed:
        cell.source = re.sub(r"(?m)^SEED = 0$", f"SEED = {seed}", cell.source)
        cell.source = re.sub(r"(?m)^(epochs, batch_size = )\d+", rf"\g<1>{epochs}", cell.source)
    notebook.cells = [*needed, nbformat.v4.new_code_cell(RESULT)]
    NotebookClient(notebook, resources={"metadata": {"path": str(PATH.parent)}}).execute()
    return [float(word) for word in notebook.cells[-1].outputs[0].text.split()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", nargs="+", type=int, default=[1, 2, 4, 8, 15, 30])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1])
    options = parser.parse_args()
    for seed in options.seeds:
        for epochs in options.epochs:
            validation, test, seconds = run(epochs, seed)
            print(
                f"seed {seed}, epochs {epochs:2}: validation {validation:.2%}, test {test:.2%}, "
                f"{seconds:.0f} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
