"""The notebooks as documents: what must be true of them before anything is executed."""

import ast
import inspect
import re
from pathlib import Path

import nbformat
import pytest
from measure.results import printed_accuracy

from shared import layers, optimizers, training

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NAMES = [
    "01_Softmax_classifier",
    "02_MLP_Sigmoid",
    "03_MLP_ReLU",
    "04_MLP_ReLU_Dropout",
    "05_MLP_ReLU_BatchNorm",
    "06_MLP_LeakyReLU_BatchNorm",
    "07_MLP_Keras_ReLU_Softmax",
    "08_MLP_Keras_ReLU_RMSprop",
    "09_CNN_Manual_TF",
    "10_CNN_Keras_TF",
]
FROM_SCRATCH = [name for name in NAMES if "Keras" not in name]
PATHS = sorted(FOLDER.glob("[!_]*.ipynb"))

each_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def again(path):
    """Returns how a notebook is executed and stored, for the message of a test."""
    return f"run: .venv/bin/python tests/measure/execute.py notebooks/{path.name}"


def cells(path, kind):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def outputs(path):
    return [output for cell in cells(path, "code") for output in cell.outputs]


def without_docstring(node):
    """Returns the syntax tree of a class or function as text, without docstrings and @checked."""
    for part in ast.walk(node):
        if isinstance(part, (ast.ClassDef, ast.FunctionDef)):
            part.decorator_list = [
                d for d in part.decorator_list if "checked(" not in ast.unparse(d)
            ]
            part.body = part.body[1:] if ast.get_docstring(part) else part.body
    return ast.dump(node)


def lessons():
    """Returns {(notebook, name): syntax tree} of what is defined both in a notebook and in shared/.

    Only for the names that shared/ exports: a notebook may call its own helpers what it likes.
    """
    parts = {
        name: part
        for module in (layers, optimizers, training)
        for name, part in vars(module).items()
        if getattr(part, "__module__", "") == module.__name__ and not name.startswith("_")
    }
    found = {}
    for path in PATHS:
        for cell in cells(path, "code"):
            for node in ast.parse(cell.source).body:
                if isinstance(node, (ast.ClassDef, ast.FunctionDef)) and node.name in parts:
                    found[path.stem, node.name] = node, parts[node.name]
    return found


LESSONS = lessons()


def test_all_ten_notebooks_are_there_and_no_other():
    assert [path.stem for path in PATHS] == NAMES


@each_notebook
def test_it_is_a_valid_notebook_with_a_title(path):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith(f"# {path.stem[:2]} · ")


@each_notebook
def test_its_outputs_are_those_of_one_run_from_top_to_bottom(path):
    counts = [cell.execution_count for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1)), again(path)


@each_notebook
def test_no_output_is_an_error_or_written_to_stderr(path):
    assert not [output for output in outputs(path) if output.output_type == "error"]
    assert not [output for output in outputs(path) if output.get("name") == "stderr"]


@each_notebook
def test_it_shows_pictures_and_they_are_small(path):
    pictures = [o.data["image/png"] for o in outputs(path) if "image/png" in o.get("data", {})]
    assert pictures
    assert max(len(picture) * 3 // 4 for picture in pictures) < 150_000  # bytes


@each_notebook
def test_no_output_is_active_content(path):
    kinds = {kind for output in outputs(path) for kind in output.get("data", {})}
    assert kinds <= {"text/plain", "image/png"}


@each_notebook
def test_it_makes_claims_and_every_claim_has_printed_its_line(path):
    """Claims whose text is put together by the code are not looked for."""
    source = "\n".join(cell.source for cell in cells(path, "code"))
    printed = "".join(o.text for o in outputs(path) if o.output_type == "stream")
    assert "claim(" in source and "✓ " in printed
    texts = re.findall(r"\bclaim\(\s*\"([^\"{]+)\",", source)
    missing = [text for text in texts if f"✓ {text}" not in printed]
    assert not missing, f"not in the stored outputs; {again(path)}"


@each_notebook
def test_it_names_no_machine_and_loads_nothing_from_the_network(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(home|root|Users|tmp|work)/|[A-Z]:\\\\", text)
    assert not re.search(r"!\[[^\]]*\]\(\s*http|<img|<script|<iframe", text)


# What the formulas are made of; a name that MathJax does not know would be shown as it is, in red.
COMMANDS = set(
    "Bigl Bigr bigl bigr left right lVert rVert lfloor rfloor begin end text mathbf mathrm "
    "operatorname alpha beta gamma delta epsilon eta lambda phi pi rho sigma Phi bar hat tilde "
    "frac tfrac sqrt sum partial approx cdot dots ge geq le leftarrow longrightarrow odot pm "
    "times top quad qquad cos sin log max min tanh".split()
)


@each_notebook
def test_its_formulas_are_made_of_commands_that_exist(path):
    text = "\n".join(cell.source for cell in cells(path, "markdown"))
    unknown = set(re.findall(r"\\([A-Za-z]+)", text)) - COMMANDS
    assert not unknown, "if MathJax shows it, add it to COMMANDS in tests/test_notebooks.py"


@each_notebook
def test_its_links_lead_to_files_of_this_project(path):
    text = "\n".join(cell.source for cell in cells(path, "markdown"))
    for target in re.findall(r"\]\((?!http)([^)]+)\)", text):
        assert (FOLDER / target).exists()


@each_notebook
def test_it_ends_with_links_to_its_neighbours_and_to_the_glossary(path):
    here = PATHS.index(path)
    neighbours = {PATHS[i].name for i in (here - 1, here + 1) if 0 <= i < len(PATHS)}
    targets = re.findall(r"\]\(([^)]+)\)", cells(path, "markdown")[-1].source)
    assert set(targets) == neighbours | {"glossary.md"}


@each_notebook
def test_its_seed_stands_on_a_line_of_its_own(path):
    source = "\n".join(cell.source for cell in cells(path, "code"))
    assert re.findall(r"^SEED = .*$", source, re.MULTILINE) == ["SEED = 0"]


@each_notebook
def test_a_from_scratch_notebook_uses_keras_only_to_prove_agreement(path):
    if path.stem not in FROM_SCRATCH:
        pytest.skip("a Keras notebook")
    for cell in cells(path, "code"):
        assert "keras" not in cell.source or "claim(" in cell.source


@pytest.mark.parametrize("notebook, name", LESSONS)
def test_what_a_notebook_teaches_is_what_shared_contains(notebook, name):
    taught, part = LESSONS[notebook, name]
    imported = ast.parse(inspect.getsource(part)).body[0]
    assert without_docstring(taught) == without_docstring(imported), (
        f"make {name} in notebook {notebook} and in {part.__module__} the same"
    )


@each_notebook
def test_the_readme_has_its_result(path):
    """Mean and range are over five seeds; the notebook stores the first, so it is in the range."""
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    row = re.search(rf"^.*\(notebooks/{path.name}\).*$", readme, re.MULTILINE)[0]
    centre, low, high = map(float, re.search(r"([\d.]+) % \(([\d.]+) to ([\d.]+)\)", row).groups())
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    assert low <= printed_accuracy(notebook) <= high and low <= centre <= high, (
        f"run: .venv/bin/python tests/measure/results.py notebooks/{path.name}, and put its mean, "
        "range and time into the README's row; then tests/measure/picture.py"
    )
