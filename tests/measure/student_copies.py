"""Makes a folder for students: the notebooks without outputs and without solutions.

    python tests/measure/student_copies.py ../for-students

What a student needs is copied with them: shared/, data/, requirements.txt, README.md. Left out are
the solutions, the links to them, and the tests, which contain both right and wrong answers. The
new folder must not exist yet, or be empty; nothing here is changed.
"""

import argparse
import re
import shutil
import sys
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
COPIED = ["notebooks", "shared", "data", "requirements.txt", "README.md", "LICENSE"]
COPIED += [".devcontainer", ".github/results.png"]  # the second is the picture in the README
LEFT_OUT = shutil.ignore_patterns("solutions", "__pycache__", ".ipynb_checkpoints", "_*.ipynb")
FOLDED = re.compile(r"\s*<details>(?:(?!</details>).)*\]\(solutions/.*?</details>", re.DOTALL)


def for_students(notebook):
    """Returns the notebook, changed in place, without outputs and links to solutions.

    Raises ValueError if solutions/ is mentioned outside a folded part (<details>).
    """
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.pop("execution", None)
        else:
            cell.source = FOLDED.sub("", cell.source)
        if "solutions/" in cell.source:
            raise ValueError(
                f"found a solution that is not folded: {cell.source[:200]!r}. Expected links to "
                "solutions/ between <details> and </details>: only then can they be left out."
            )
    return notebook


def copy(target, root=ROOT):
    """Makes the folder `target`; raises FileExistsError if there is something in it."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FileExistsError(f"{target} is there and not empty: name a new folder.")
    for name in COPIED:
        source, new = root / name, target / name
        new.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, new, ignore=LEFT_OUT)
        elif source.exists():
            shutil.copyfile(source, new)
    for path in sorted((target / "notebooks").glob("*.ipynb")):
        nbformat.write(for_students(nbformat.read(path, nbformat.NO_CONVERT)), path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="the new folder, outside this one")
    folder = parser.parse_args().folder.resolve()
    if folder.is_relative_to(ROOT):
        sys.exit(f"{folder} is inside this project: name a folder outside it.")
    try:
        copy(folder)
    except FileExistsError as error:
        sys.exit(str(error))
    count = len(list((folder / "notebooks").glob("*.ipynb")))
    print(f"{folder}: {count} notebooks, without outputs and without solutions")


if __name__ == "__main__":
    main()
