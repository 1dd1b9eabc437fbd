"""Executes notebooks from top to bottom and stores their outputs.

    python tests/measure/execute.py notebooks/01_Softmax_classifier.ipynb ...

What is stored is text and pictures: of a widget only the picture in its place, of a table in HTML,
such as Keras's summary, only its plain text, of a line that was rewritten only its last form, and
nothing of the machine. Pictures are stored with a palette, which takes a third of the space. A
notebook in which a cell fails is not stored; the cell and its error are printed.
"""

import base64
import io
import re
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

WIDGETS = "application/vnd.jupyter.widget-"


def with_palette(png):
    """Returns a PNG, base64 text, with at most 256 colours, or as it is if that is no smaller."""
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    file = io.BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
    return min(png, base64.b64encode(file.getvalue()).decode(), key=len)


def plain(outputs):
    """Returns a cell's outputs without views of widgets and without what was written over."""
    kept = []
    for output in outputs:
        if output.output_type == "stream":
            if kept and kept[-1].get("name") == output.name:
                kept[-1].text += output.text
            else:
                kept.append(output)
        elif "data" in output:
            left_out = [kind for kind in output.data if kind.startswith(WIDGETS)]
            if "text/plain" in output.data and "text/html" in output.data:
                left_out.append("text/html")
            for kind in left_out:
                del output.data[kind]
            output.metadata = {k: v for k, v in output.metadata.items() if k in output.data}
            kept += [output] if output.data else []
        else:
            kept.append(output)
    for output in kept:
        if output.output_type == "stream":
            output.text = re.sub(r"(?m)^.*\r(?=[^\n])", "", output.text)
            output.text = re.sub(r"(?<![^\n]) +\Z", "", output.text)  # a line wiped out
    return [output for output in kept if output.output_type != "stream" or output.text.strip()]


def execute(path):
    """Executes the notebook at the path in its own folder and stores it there."""
    notebook = nbformat.read(path, as_version=4)
    options = {"timeout": None, "record_timing": False, "store_widget_state": False}
    NotebookClient(
        notebook, resources={"metadata": {"path": str(path.parent)}}, **options
    ).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = plain(cell.outputs)
            for output in cell.outputs:
                if "image/png" in output.get("data", {}):
                    output.data["image/png"] = with_palette(output.data["image/png"])
            cell.metadata.pop("execution", None)
    notebook.metadata.pop("widgets", None)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        try:
            execute(Path(name))
        except CellExecutionError as error:
            sys.exit(f"{str(error).strip()}\n\n{name} is as it was: the cell above fails")
        print(name)
