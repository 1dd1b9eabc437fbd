"""The first screen of each notebook shows the question and, below it, the notebook's key figure."""

import base64
import re
import sys
from pathlib import Path

import nbformat
import pytest
from measure import first_screens
from nbformat.v4 import new_code_cell, new_notebook, new_output

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
PATHS = sorted(FOLDER.glob("[!_]*.ipynb"))
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")

each_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def read(path):
    return nbformat.read(path, as_version=nbformat.NO_CONVERT)


@each_notebook
def test_the_picture_is_the_stored_figure_byte_for_byte(path):
    found = first_screens.picture_path(path).read_bytes()
    assert found == first_screens.key_figure(read(path)), (
        f"run: .venv/bin/python tests/measure/first_screens.py notebooks/{path.name}"
    )


@each_notebook
def test_the_first_cell_shows_it_below_the_question_and_says_in_words_what_it_shows(path):
    first = read(path).cells[0]
    assert first.cell_type == "markdown"
    title, question, picture, answer = first.source.split("\n\n")[:4]
    assert title.startswith("# ") and re.fullmatch(r"\*\*.+\?\*\*", question)
    words, target = IMAGE.fullmatch(picture).groups()
    assert path.parent / target == first_screens.picture_path(path)
    assert len(words) >= 20 and len(set(re.findall(r"\w+", words.lower()))) >= 5
    assert answer and not IMAGE.search(answer)


def test_no_picture_belongs_to_no_notebook_and_no_two_say_the_same():
    assert {*(FOLDER / "pictures").iterdir()} == {first_screens.picture_path(p) for p in PATHS}
    texts = [IMAGE.search(read(path).cells[0].source)[1] for path in PATHS]
    assert len({*texts}) == len(PATHS)


def notebook(*cells):
    """Returns a notebook; cells: for each, (its tags, the pictures that it has stored)."""
    return new_notebook(
        cells=[
            new_code_cell(
                metadata={"tags": tags},
                outputs=[new_output("stream", text="before")]
                + [
                    new_output("display_data", {"image/png": base64.b64encode(png).decode()})
                    for png in pictures
                ],
            )
            for tags, pictures in cells
        ]
    )


TAGGED = [first_screens.TAG]


def test_the_command_writes_what_is_stored_and_nothing_else(tmp_path, monkeypatch, capsys):
    path = tmp_path / "03_name.ipynb"
    nbformat.write(notebook(([], [b"other"]), (["nbval-ignore-output", *TAGGED], [b"key"])), path)
    monkeypatch.setattr(sys, "argv", ["first_screens.py", str(path)])
    assert not first_screens.main()
    assert [p.name for p in (tmp_path / "pictures").iterdir()] == ["03.png"]
    assert (tmp_path / "pictures" / "03.png").read_bytes() == b"key"
    assert "pictures/03.png" in capsys.readouterr().out


@pytest.mark.parametrize(
    "cells, says",
    [
        ([([], [b"a"])], "found 0 cells"),
        ([(TAGGED, [b"a"]), (TAGGED, [b"b"])], "found 2 cells"),
        ([(TAGGED, [])], "stored 0 pictures"),
        ([(TAGGED, [b"a", b"b"])], "stored 2 pictures"),
    ],
)
def test_the_command_says_what_is_wrong_with_a_notebook_and_writes_nothing(
    cells, says, tmp_path, monkeypatch, capsys
):
    path = tmp_path / "03_name.ipynb"
    nbformat.write(notebook(*cells), path)
    monkeypatch.setattr(sys, "argv", ["first_screens.py", str(path)])
    assert first_screens.main()
    error = capsys.readouterr().err
    assert says in error and "03_name.ipynb" in error
    assert not (tmp_path / "pictures").exists()
