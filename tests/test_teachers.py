"""The teacher's commands: copies for students, and the minutes of a notebook."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from measure import minutes, student_copies

NOTEBOOKS = sorted(minutes.FOLDER.glob("[!_]*.ipynb"))


def notebook(*cells):
    kinds = {"text": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    return nbformat.v4.new_notebook(cells=[kinds[kind](source) for kind, source in cells])


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    before = [path.read_bytes() for path in NOTEBOOKS]
    folder = tmp_path_factory.mktemp("students") / "course"
    student_copies.copy(folder)
    assert before == [path.read_bytes() for path in NOTEBOOKS]
    return folder


def test_a_students_copy_has_all_notebooks(copied):
    found = {path.name for path in (copied / "notebooks").glob("*.ipynb")}
    assert found == {path.name for path in NOTEBOOKS}


def test_a_students_copy_has_no_solution_no_link_to_one_and_no_tests(copied):
    names = {part for path in copied.rglob("*") for part in path.relative_to(copied).parts}
    assert not names & {"solutions", "tests", ".git", ".venv", "__pycache__"}
    for path in (copied / "notebooks").glob("*.ipynb"):
        assert "solutions/" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [path.name for path in NOTEBOOKS])
def test_a_copied_notebook_is_valid_not_executed_and_otherwise_the_same(copied, name):
    copy = nbformat.read(copied / "notebooks" / name, nbformat.NO_CONVERT)
    original = nbformat.read(minutes.FOLDER / name, nbformat.NO_CONVERT)
    nbformat.validate(copy)
    code = [cell for cell in copy.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code)
    changed = [
        before.source
        for before, after in zip(original.cells, copy.cells, strict=True)
        if before.source != after.source
    ]
    assert changed and all("](solutions/" in source for source in changed)


def test_what_else_is_folded_below_an_exercise_stays():
    expect = "<details><summary>Expect</summary>\n\nAbout 98 %.\n\n</details>"
    solution = "<details><summary>Solution</summary>\n\n[a](solutions/01_a.py)\n\n</details>"
    text = f"1. Try.\n\n{expect}\n\n2. Write.\n\n{solution}\n\n3. Think.\n\n{expect}"
    (cell,) = student_copies.for_students(notebook(("text", text))).cells
    assert cell.source == f"1. Try.\n\n{expect}\n\n2. Write.\n\n3. Think.\n\n{expect}"


def test_a_solution_that_is_not_folded_is_not_handed_out():
    with pytest.raises(ValueError, match="not folded"):
        student_copies.for_students(notebook(("text", "See [this](solutions/01_a.py).")))


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "grades.csv").write_text("A", encoding="utf-8")
    with pytest.raises(FileExistsError, match="name a new folder"):
        student_copies.copy(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["grades.csv"]


def test_a_students_copy_works_where_it_is(copied):
    """The first notebook's first two cells, executed in the copy: the imports and the data."""
    cells = nbformat.read(copied / "notebooks" / NOTEBOOKS[0].name, 4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"][:2]
    program = "\n".join([*code, "import shared", "print(shared.__file__)"])
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", program],
        cwd=copied / "notebooks",
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.splitlines()[-1]).resolve().is_relative_to(copied.resolve())


def test_words_code_and_equations_are_counted_apart_and_folded_code_is_not_read():
    book = notebook(
        (
            "text",
            "A line with $x^2 + y$ and [a link](https://example.com/long/path).\n\n$$ a = b $$",
        ),
        ("code", "a = 1\n\nb = 2"),
        ("code", "hidden = 3"),
    )
    book.cells[2].metadata["jupyter"] = {"source_hidden": True}
    assert minutes.contents(book) == (7, 2, 1)
    assert minutes.reading(400, 30, 3) == 2 + 3 + 1.5


def test_the_minutes_of_every_notebook_are_printed(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["minutes.py"])
    minutes.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [*[p.stem for p in NOTEBOOKS], "all"]
    assert all(float(value) > 0 for line in lines[1:] for value in line.split()[1:3])
