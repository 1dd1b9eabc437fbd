"""Writes the pictures of the first screens from the figures that the notebooks have stored.

    python tests/measure/first_screens.py [notebooks/03_MLP_ReLU.ipynb ...]

In each notebook one code cell has the tag "key-figure". Its stored picture is written, byte for
byte, to notebooks/pictures/NN.png, which the first cell of the notebook shows. Nothing is executed:
run this after a notebook has been run again. Without arguments, all notebooks.
"""

import argparse
import base64
import sys
from pathlib import Path

import nbformat

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
TAG = "key-figure"


def picture_path(path):
    """Returns where the picture of a notebook stands: pictures/NN.png, beside the notebook."""
    return Path(path).parent / "pictures" / f"{Path(path).stem[:2]}.png"


def key_figure(notebook):
    """Returns the PNG, bytes, that the cell with the tag has stored; notebook: read by nbformat.

    Raises ValueError where not exactly one code cell has the tag, or where that cell has not
    stored exactly one picture.
    """
    tagged = [cell for cell in notebook.cells if TAG in cell.metadata.get("tags", [])]
    if len(tagged) != 1 or tagged[0].cell_type != "code":
        raise ValueError(
            f'found {len(tagged)} cells with the tag "{TAG}", expected one, a code cell: '
            "add the tag to the cell that draws the key figure, and only there"
        )
    bundles = [output.get("data", {}) for output in tagged[0].outputs]
    pictures = [bundle["image/png"] for bundle in bundles if "image/png" in bundle]
    if len(pictures) != 1:
        raise ValueError(
            f'the cell with the tag "{TAG}" has stored {len(pictures)} pictures, expected one: '
            "let it draw one, and run tests/measure/execute.py with the notebook"
        )
    return base64.b64decode(pictures[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="without any: all")
    failed = False
    for path in parser.parse_args().notebooks or sorted(FOLDER.glob("[!_]*.ipynb")):
        try:
            picture = key_figure(nbformat.read(path, as_version=4))
        except (OSError, ValueError) as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            failed = True
            continue
        target = picture_path(path)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(picture)
        print(f"{path.name}: {target.parent.name}/{target.name}, {len(picture) / 1000:.0f} kB")
    return failed


if __name__ == "__main__":
    sys.exit(main())
