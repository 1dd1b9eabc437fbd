"""Prints the minutes that each notebook takes: to run and to read.

    python tests/measure/minutes.py [notebooks/03_MLP_ReLU.ipynb ...] [--run]

Running: from the table in the README; with --run, measured here and now, one notebook after the
other (more than ten minutes for all). Reading: words, lines of code that are not folded, and
displayed equations, each at a rate of its own. 200 words a minute is somewhat less than the 238 of
adults who read non-fiction silently (Brysbaert, "How many words do we read per minute?", 2019);
10 lines and 2 equations a minute are assumptions. Exercises are read, not solved.
"""

import argparse
import re
from pathlib import Path

import nbformat

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
FENCE = re.compile(r"\$\$.*?\$\$", re.DOTALL)


def contents(notebook):
    """Returns the numbers of words, of lines of code, and of displayed equations to be read."""
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    equations = len(FENCE.findall(text))
    text = FENCE.sub(" ", text)
    text = re.sub(r"\$[^$]+\$", "x", text)  # an inline formula is read like a word
    text = re.sub(r"<[^>]+>|!\[[^]]*\]\([^)]*\)|\]\([^)]*\)", " ", text)  # tags, pictures, targets
    lines = [
        line
        for cell in notebook.cells
        if cell.cell_type == "code" and not cell.metadata.get("jupyter", {}).get("source_hidden")
        for line in cell.source.splitlines()
        if line.strip()
    ]
    return len(re.findall(r"\w[\w'’.,-]*", text)), len(lines), equations


def reading(words, lines, equations, words_a_minute=200, lines_a_minute=10, equations_a_minute=2):
    """Returns the minutes."""
    return words / words_a_minute + lines / lines_a_minute + equations / equations_a_minute


def running(path):
    """Returns the seconds that the README gives for the notebook, at the end of its row."""
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    row = re.search(rf"^.*\(notebooks/{path.name}\).*$", readme, re.MULTILINE)[0]
    return float(re.search(r"(\d+) s\s*\|\s*$", row)[1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "notebooks", nargs="*", type=Path, default=sorted(FOLDER.glob("[!_]*.ipynb"))
    )
    parser.add_argument("--run", action="store_true", help="run the notebooks and measure")
    options = parser.parse_args()
    if options.run:
        from results import run  # the program beside this one
    print("minutes                        running  reading   words  lines  equations")
    totals = [0.0, 0.0]
    for path in options.notebooks:
        seconds = run(path, 0)[1] if options.run else running(path)
        numbers = contents(nbformat.read(path, 4))
        minutes = seconds / 60, reading(*numbers)
        totals = [total + value for total, value in zip(totals, minutes, strict=True)]
        counts = "{:8}{:7}{:11}".format(*numbers)
        print(f"{path.stem:<30} {minutes[0]:7.1f} {minutes[1]:8.0f}{counts}", flush=True)
    print(f"{'all':<30} {totals[0]:7.1f} {totals[1]:8.0f}")


if __name__ == "__main__":
    main()
