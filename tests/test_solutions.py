"""The exercises' solutions, each put in place of its stub in the notebook's cell.

Executed are the cell and what it needs of the notebook (needed.py), on a short budget. A wrong
answer is the solution with one slip of the kind that learners make.
"""

import ast
import contextlib
import functools
import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
import short_budget
import tensorflow as tf
from needed import needed

from shared.optimizers import SGD, Adam

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = {path.stem[:2]: path for path in sorted(FOLDER.glob("[!_]*.ipynb"))}
SOLUTIONS = {path.stem: path for path in sorted((FOLDER / "solutions").glob("*.py"))}

SLIPS = {
    "01_top2_accuracy": {
        "the highest alone": ("[:, -2:]", "[:, -1:]"),
        "the second highest alone": ("[:, -2:]", "[:, -2:-1]"),
        "the two lowest": ("[:, -2:]", "[:, :2]"),
        "a count, not a share": ("np.mean(", "np.sum("),
    },
    "02_numerical_gradient": {
        "only half of the distance": ("(2 * epsilon)", "epsilon"),
        "a forward difference": ("loss(b - step)) / (2 * epsilon)", "loss(b)) / epsilon"),
        "all numbers moved at once": ("step.flat[i]", "step[:]"),
        "a coarse step": ("= epsilon", "= epsilon = 0.1"),
    },
    "03_AdaGrad": {
        "the last square, not the sum": (".assign_add(", ".assign("),
        "no root": ("tf.sqrt(sum_of_squares + self.epsilon)", "(sum_of_squares + self.epsilon)"),
        "no learning rate": ("rate * g", "g"),
        "uphill": ("w.assign_sub", "w.assign_add"),
        "the gradients added, not their squares": ("g**2", "g"),
        "no epsilon, and a first gradient of zero": (" + self.epsilon)", ")"),
    },
    "04_dropout_gradient": {
        "not scaled": ("g / (1 - rate)", "g"),
        "scaled by the wrong rate": ("(1 - rate)", "rate"),
        "scaled the wrong way": ("g / (1 - rate)", "g * (1 - rate)"),
        "not masked": ("tf.where(keep, g / (1 - rate), 0.0)", "g / (1 - rate)"),
    },
    "05_fold": {
        "no root": ("tf.sqrt(norm.moving_variance + norm.epsilon)", "norm.moving_variance"),
        "gamma left out": ("norm.gamma /", "1 /"),
        "the bias not scaled": (
            "(dense.b - norm.moving_mean) * scale",
            "dense.b - norm.moving_mean",
        ),
        "the moving mean left out": (" - norm.moving_mean", ""),
        "beta left out": (" + norm.beta", ""),
    },
    "06_without_silent": {
        "the active cut out": ("active = ~silent_units", "active = silent_units"),
        "set to zero, not cut out": (
            "W1[:, active], b1[active], W2[active]",
            "W1 * active, b1 * active, W2 * active[:, None]",
        ),
        "the bias forgotten": ("b1[active]", "0 * b1[active]"),
    },
    "07_StopAt": {
        "below the target": (">=", "<"),
        "above the target only": (">=", ">"),
        "without a condition": ('logs["val_accuracy"] >= self.target', "True"),
        "what another callback asked for is cancelled": (
            'if logs["val_accuracy"] >= self.target:\n            self.model.stop_training = True',
            'self.model.stop_training = logs["val_accuracy"] >= self.target',
        ),
        "another attribute": ("self.model.stop_training", "self.stop_training"),
    },
    "08_Centered": {
        "not centred": (" - mean**2", ""),
        "the mean not squared": ("mean**2", "mean"),
        "the new gradient left out of the mean": (
            "mean.assign(self.rho * mean + (1 - self.rho) * g)",
            "mean.assign(self.rho * mean)",
        ),
        "divided by the variance": ("tf.sqrt", ""),
    },
    "09_kernel_gradient": {
        "a mean, not a sum": ("tf.transpose(P) @ delta", "tf.transpose(P) @ delta / len(P)"),
        "the sign of a step": ("tf.transpose(P)", "-tf.transpose(P)"),
        "the transpose of it": ("tf.transpose(P) @ delta", "tf.transpose(delta) @ P"),
    },
    "10_temperature": {
        "the reciprocal": ("return minimize_scalar(", "return 1 / minimize_scalar("),
        "no search": ("bounds=(0.05, 20)", "bounds=(0.99, 1.01)"),
        "the largest loss": ("return float(", "return -float("),
    },
}


def exercises():
    """Returns {name of the solution: (cells before, the cell)} of each cell that checks a stub.

    The stub is the first definition of the cell, and the solution is named after it.
    """
    found = {}
    for number, path in NOTEBOOKS.items():
        cells = [c.source for c in nbformat.read(path, 4).cells if c.cell_type == "code"]
        for place, cell in enumerate(cells):
            if "not written yet" in cell:
                stub = next(node.name for node in ast.parse(cell).body if hasattr(node, "name"))
                found[f"{number}_{stub}"] = cells[:place], cell
    return found


EXERCISES = exercises()


def source(name):
    return SOLUTIONS[name].read_text(encoding="utf-8")


@pytest.fixture(scope="module", autouse=True)
def on_a_short_budget():
    with pytest.MonkeyPatch.context() as patch:
        short_budget.install(patch.setattr)
        patch.chdir(FOLDER)
        yield


@functools.cache
def context(name):
    """Returns the variables that the exercise needs, after a run on the short budget."""
    variables = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(needed(*EXERCISES[name]), variables)
    return variables


def verdict(name, answer=None):
    """Returns what the cell prints, with `answer`, a definition as text, in place of the stub."""
    cell = ast.parse(EXERCISES[name][1])
    if answer:
        (definition,) = ast.parse(answer).body
        names = [getattr(node, "name", None) for node in cell.body]
        cell.body[names.index(definition.name)] = definition
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(cell, name, "exec"), dict(context(name)))
    (line,) = re.findall(r"^Exercise \d: (.*)$", printed.getvalue(), re.MULTILINE)
    return line


def test_a_cell_needs_what_binds_changes_or_trains_its_names_and_nothing_else():
    cells = [
        "import numpy as np\nx = np.ones(3)\nprint(x)",
        "def f(v):\n    return v + later\n\nfor x in range(3):\n    slow = x",
        "later = 1\nmodel = build()\nhistory = training.fit(model, x)",
        "scores = {}\nscores['a'] = f(2)\nunused = model.predict(x)",
    ]
    kept = needed(cells, "x = 5\nprint(scores, model)").splitlines()
    kept = [line for line in kept if not line.startswith(("def", "    return"))]
    assert "scores['a'] = f(2)" in kept and "history = training.fit(model, x)" in kept
    assert "later = 1" in kept and "scores = {}" in kept
    assert not {"print(x)", "unused = model.predict(x)"} & set(kept)


def test_every_notebook_has_an_exercise_that_checks_what_the_learner_writes():
    assert {name[:2] for name in EXERCISES} == set(NOTEBOOKS)


@pytest.mark.parametrize("name", EXERCISES)
def test_an_exercise_has_a_solution_and_at_least_two_wrong_answers(name):
    assert name in SOLUTIONS, f"write notebooks/solutions/{name}.py, the definition alone"
    assert len(SLIPS.get(name, ())) >= 2, f"add {name} to SLIPS in tests/test_solutions.py"


@pytest.mark.parametrize("name", SOLUTIONS)
def test_a_solution_is_one_definition_that_says_why_and_a_folded_link_below_the_exercise(name):
    (definition,) = ast.parse(source(name)).body
    assert f"{name[:2]}_{definition.name}" == name and ast.get_docstring(definition)
    notebook = nbformat.read(NOTEBOOKS[name[:2]], 4)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    folded = "\n".join(re.findall(r"<details>.*?</details>", text, re.DOTALL))
    assert folded.count(f"](solutions/{name}.py)") == 1


def cases(rows):
    """Parameters of a test, those of the exercise that trains the network of 10 marked slow."""
    rows = [(row,) if isinstance(row, str) else row for row in rows]
    slow = {"10_temperature": [pytest.mark.slow]}
    return [pytest.param(*row, marks=slow.get(row[0], [])) for row in rows]


@pytest.mark.parametrize("name", cases(EXERCISES))
def test_the_untouched_stub_is_not_written_yet(name):
    assert verdict(name) == "not written yet"


@pytest.mark.parametrize("name", cases(EXERCISES))
def test_the_solution_is_right(name):
    assert verdict(name, source(name)) == "right"


@pytest.mark.parametrize("name, slip", cases((n, slip) for n in SLIPS for slip in SLIPS[n]))
def test_a_wrong_answer_is_not_right_yet(name, slip):
    right, wrong = SLIPS[name][slip]
    assert right in source(name)
    assert verdict(name, source(name).replace(right, wrong)) == "not right yet"


def test_the_small_gradient_shortens_the_steps_of_sgd_and_not_those_of_adam():
    small = source("03_Small")
    variables = {"SGD": SGD, "Adam": Adam}
    exec(small + small.replace("Small(SGD)", "SmallAdam(Adam)"), variables)
    steps = {}
    for make in (SGD, variables["Small"], Adam, variables["SmallAdam"]):
        w = tf.Variable([0.0])
        make(0.1).apply([tf.constant([2.0])], [w])
        steps[make.__name__] = float(w[0])
    assert np.isclose(steps["Small"], steps["SGD"] / 1000)
    assert np.isclose(steps["SmallAdam"], steps["Adam"], rtol=0.01)
