"""The program that stores the test accuracies of several seeds reads what notebooks print."""

import json

import nbformat
import pytest
from measure import last_trainings


def executed(*texts):
    """Returns a notebook whose cells have printed these texts."""
    cells = [nbformat.v4.new_code_cell("", outputs=[]) for _ in texts]
    for cell, text in zip(cells, texts, strict=True):
        cell.outputs.append(nbformat.v4.new_output("stream", name="stdout", text=text))
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("one view 1%"), *cells])


def test_the_test_accuracy_is_read_and_that_with_one_view_where_it_is_printed():
    line = "test accuracy 99.61%   (95 % interval: 99.47% to 99.71%)\n"
    assert last_trainings.printed(executed("validation 99.40%\n", line)) == {"test accuracy": 99.61}
    both = last_trainings.printed(executed(f"one view      99.55%\n{line}"))
    assert both == {"one view": 99.55, "test accuracy": 99.61}


def test_a_run_without_a_test_accuracy_is_an_error_and_no_zero():
    with pytest.raises(ValueError, match="test accuracy"):
        last_trainings.printed(executed("the test accuracy is fine\n"))


def test_a_run_takes_the_line_of_its_seed_and_leaves_all_others(tmp_path):
    target = tmp_path / "runs.json"
    for name, seed, value in (("10", 1, 99.5), ("09", 0, 99.4), ("10", 0, 99.6), ("10", 1, 99.7)):
        last_trainings.store(name, seed, {"test accuracy": value}, target)
    stored = json.loads(target.read_text(encoding="utf-8"))
    assert stored == {
        "09": {"0": {"test accuracy": 99.4}},
        "10": {"0": {"test accuracy": 99.6}, "1": {"test accuracy": 99.7}},
    }
    assert list(stored) == ["09", "10"] and list(stored["10"]) == ["0", "1"]
