"""Executes notebooks in which something that they teach is wrong, and prints which claims fail.

    python tests/measure/mutations.py [notebooks/03_MLP_ReLU.ipynb ...] [--only WORD]
    python tests/measure/mutations.py --none    the same cells with nothing wrong: all claims hold
    python tests/measure/mutations.py --check   whether every mutation can be made; nothing is run

mutations/03.py has those of notebook 03, a list of dictionaries:

    wrong    what is wrong, one line
    replace  {old: new}, each old string once in all code cells, or {old: (new, number of times)}
    patch    instead of, or beside it: code that changes shared/, executed before the first cell
    cells    strings that stand in one cell each: the cells whose claims should notice it
    budget   as replace, for fewer runs: nothing is wrong with it, and --none does it as well
    prepare  code that is executed first, likewise

These cells are executed, and of those before them the statements that they need (needed.py). A
mutation is noticed if a claim fails, or if one of the checks in shared/ stops the cell that it
changed. Any other error is reported and counts as not noticed. What is not noticed is a missing
claim. Nothing is written. The exit status is 1 if a check, or a claim without a mutation, fails.
"""

import argparse
import ast
import builtins
import os
import re
import runpy
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient.exceptions import CellExecutionError, DeadKernelError
from results import FOLDER, execute, with_seed  # the programs beside this one
from seeds import RECORD, claims_of

sys.path.append(str(FOLDER.parent / "tests"))
from needed import bound, needed_statements, required

LISTS = Path(__file__).resolve().parent / "mutations"


def replaced(cells, replacements):
    """Returns the sources with every old string replaced; ValueError unless it stands there."""
    for old, new in replacements.items():
        new, times = (new, 1) if isinstance(new, str) else new
        found = sum(source.count(old) for source in cells)
        if found != times:
            raise ValueError(f"{found} times, not {times}: {old!r}")
        cells = [source.replace(old, new) for source in cells]
    return cells


def number(cells, text):
    """Returns the number of the one cell in which the text stands."""
    found = [i for i, source in enumerate(cells) if text in source]
    if len(found) != 1:
        raise ValueError(f"in {len(found)} cells, not 1: {text!r}")
    return found[0]


def selected(cells, whole):
    """Returns {number of a cell: the source of what is needed of it}."""
    return {
        i: cells[i] if i in whole else "\n".join(map(ast.unparse, statements))
        for i, statements in needed_statements(cells, whole).items()
    }


def build(path, mutation, none=False):
    """Returns (the notebook to execute, numbers of the cells that the mutation changed)."""
    notebook = with_seed(path, 0)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    whole = {number(cells, text) for text in mutation["cells"]}
    right = replaced(cells, mutation.get("budget", {}))
    wrong = right if none else replaced(right, mutation.get("replace", {}))
    first = [RECORD, mutation.get("prepare", ""), "" if none else mutation.get("patch", "")]
    sources = [(None, source) for source in first if source] + [*selected(wrong, whole).items()]
    notebook.cells = [nbformat.v4.new_code_cell(s, metadata={"number": i}) for i, s in sources]
    return notebook, {
        i for i, pair in enumerate(zip(right, wrong, strict=True)) if len({*pair}) > 1
    }


def problems(path, mutation):
    """Returns what prevents a mutation from being made and executed, as a list of texts."""
    try:
        notebook, changed = build(path, mutation)
        right, _ = build(path, mutation, none=True)
    except (SyntaxError, ValueError) as error:
        return [f"{type(error).__name__}: {error}"]
    unused = changed - {cell.metadata["number"] for cell in notebook.cells}
    texts = [f"cell {i + 1} is changed and not executed" for i in sorted(unused)]
    if [cell.source for cell in notebook.cells] == [cell.source for cell in right.cells]:
        texts.append("it changes nothing that is executed")
    for made in (notebook, right):
        body = ast.parse("\n".join(cell.source for cell in made.cells)).body
        known = set().union(*map(bound, body)) | set(dir(builtins)) | {"display"}
        texts += [f"nothing binds the name {name}" for name in sorted(required(body) - known)]
    return texts


def stopped(notebook, error, changed):
    """Returns (how a run ended, whether a check of ours stopped the cell that was changed)."""
    traceback = re.sub(r"\x1b\[[\d;]*m", "", error.traceback)
    *_, last = ["", *re.findall(r"^File (.+?):\d+", traceback, re.MULTILINE)]
    failed = [c for c in notebook.cells if any(o.output_type == "error" for o in c.outputs)]
    ours = Path(last).is_relative_to(FOLDER.parent / "shared")
    where = f" in {Path(last).name}" if ours else ""
    noticed = ours and failed[-1].metadata["number"] in changed
    return f"ended by {error.ename}{where}: {error.evalue.splitlines()[0]:.100}", noticed


def run(path, mutation, none):
    """Returns (table row, [what failed, with its values], whether noticed)."""
    notebook, changed = build(path, mutation, none)
    seconds, ended, noticed = "", [], False
    try:
        seconds = f"{execute(notebook, path.parent):.0f} s"
    except CellExecutionError as error:
        how, noticed = stopped(notebook, error, changed)
        ended = [how]
    except DeadKernelError:
        ended = ["ended: the kernel died"]
    checked, failed = claims_of(notebook)
    sentences = [text.removeprefix("this does not hold here: ").split("\n")[0] for text in failed]
    wrong = "nothing: " + mutation["cells"][-1] if none else mutation["wrong"]
    row = f"| {path.stem[:2]} | {wrong} | {checked} | {'; '.join(sentences + ended)} |"
    return row, [seconds, *failed, *ended], bool(failed) or noticed


def chosen(options):
    """Yields (path of a notebook, its mutations), of those that were asked for."""
    for path in map(Path.resolve, options.notebooks):
        mutations = runpy.run_path(str(LISTS / f"{path.stem[:2]}.py"))["MUTATIONS"]
        yield path, [m for m in mutations if options.only in m["wrong"]]


def check(options):
    """Prints what prevents mutations from being made; returns whether anything does."""
    found = []
    for path, mutations in chosen(options):
        for mutation in mutations:
            texts = problems(path, mutation)
            found += [f"{path.stem}, {mutation['wrong']}: {text}" for text in texts]
    for text in found:
        print(text)
    return bool(found)


def run_all(options):
    """Executes them and prints the table; returns whether a claim fails where nothing is wrong."""
    rows, noticed, done, bad = [], 0, set(), False
    for path, mutations in chosen(options):
        for mutation in mutations:
            cells = tuple(c.source for c in build(path, mutation, options.none)[0].cells)
            if cells in done:  # the same cells with nothing wrong, once
                continue
            done.add(cells)
            row, texts, was = run(path, mutation, options.none)
            print(row, *(f"    {text}" for text in texts if text), sep="\n", flush=True)
            rows, noticed, bad = [*rows, row], noticed + was, bad or len(texts) > 1
    print("\n| notebook | mutation | claims checked | failed |")
    print("|---|---|---:|---|", *rows, sep="\n")
    if options.none:
        return bad
    print(f"\nnoticed: {noticed} of {len(rows)}, {noticed / max(1, len(rows)):.0%}")
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "notebooks", nargs="*", type=Path, default=sorted(FOLDER.glob("[!_]*.ipynb"))
    )
    parser.add_argument("--only", default="", help="those whose description contains this")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--none", action="store_true", help="the same cells with nothing wrong")
    mode.add_argument("--check", action="store_true", help="whether all of them can be made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MUTATIONS"] = folder  # where a run may leave something for those after it
        sys.exit(check(options) if options.check else run_all(options))


if __name__ == "__main__":
    main()
