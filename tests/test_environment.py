"""The check of the environment, `python -m shared`, and what importing shared says of faults."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import shared
from shared import __main__ as environment

REPOSITORY = Path(__file__).resolve().parent.parent
SEEN = {"gpus": [], "trouble": "", "splits": [55_000, 5_000, 10_000], "data": ""}


def python(*arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
    )


@pytest.fixture
def seen(monkeypatch):
    """Replaces the process that imports shared/ as a notebook does; returns what it reports."""
    report = {**SEEN, "returncode": 0, "stderr": ""}

    def run(program, **_):
        return SimpleNamespace(
            returncode=report["returncode"], stderr=report["stderr"], stdout=json.dumps(report)
        )

    monkeypatch.setattr(environment, "_python", run)
    monkeypatch.setattr(environment, "processor_trouble", lambda: "")
    monkeypatch.setattr(environment, "nvidia_gpu_is_present", lambda: False)
    return report


def faults(lines):
    return [text for good, text in lines if not good]


def test_what_a_notebook_needs_is_found_here():
    lines = environment.notebook()
    assert (True, "shared/ can be imported from notebooks/") in lines
    assert (True, "data verified: 55,000 + 5,000 + 10,000 images") in lines
    assert environment.kernel()[0]


def test_without_packages_it_still_runs_and_says_how_to_install_them():
    run = python("-S", "-m", "shared")
    assert run.returncode == 1 and "Traceback" not in run.stdout + run.stderr
    assert "✗ not installed: tensorflow==" in run.stdout
    assert "-m pip install -r requirements.txt" in run.stdout
    assert "✗ shared/ cannot be imported, data not checked: ModuleNotFoundError" in run.stdout


def test_without_tensorflow_importing_shared_says_so_and_which_python_it_is():
    last = python("-S", "-c", "import shared").stderr.splitlines()[-1]
    assert last.startswith("ModuleNotFoundError: TensorFlow is not installed for Python 3.")
    assert sys.executable in last and "README" in last


def test_importing_shared_prints_nothing():
    run = python("-c", "import shared")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_a_claim_is_printed_where_there_is_no_check_mark():
    narrow = "import sys; sys.stdout.reconfigure(encoding='cp1252', errors='strict')"
    run = python("-c", f"{narrow}; from shared.claims import claim; claim('it holds', True)")
    assert (run.returncode, run.stdout.strip()) == (0, "? it holds")


def test_an_old_python_is_told_which_are_right(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 20))
    with pytest.raises(ImportError, match="is too old: Python 3.11 to 3.13 is needed"):
        shared._import_tensorflow()
    assert faults([environment.python()])


def test_a_python_that_is_too_new_is_told_which_are_right(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 14, 0))
    assert "Python 3.11 to 3.13 is needed" in faults([environment.python()])[0]


def test_packages_are_compared_with_the_pins(monkeypatch):
    for variable in environment.HOSTED:
        monkeypatch.delenv(variable, raising=False)
    numpy = environment.metadata.version("numpy")
    lines = environment.packages({"numpy": numpy, "pytest": "0.1", "no-such-package": "1.0"})
    assert lines[0] == (True, f"packages as in requirements.txt: numpy {numpy}")
    missing, other = faults(lines)
    assert missing.startswith("not installed: no-such-package==1.0: ")
    assert other.startswith("pytest ") and "tested with 0.1" in other


def test_colabs_own_versions_are_no_fault_but_what_the_notebooks_import_must_be_there(monkeypatch):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab")
    monkeypatch.setattr(environment, "IMPORTED", ("no-such-package",))
    lines = environment.packages({"pytest": "0.1", "no-such-tool": "1", "no-such-package": "1"})
    assert faults(lines) == [
        "not installed: no-such-package==1: pip install no-such-package==1",
    ]


def test_every_requirement_is_pinned():
    text = (REPOSITORY / "requirements.txt").read_text(encoding="utf-8")
    names = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert len(environment.pins()) == len(names) > 10


def test_the_readme_names_versions_as_they_are_pinned():
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"\b([a-z]+)(?:\[[a-z-]+\])?==([\d.]+\d)", readme))
    assert {"tensorflow", "anywidget"} <= set(named)
    other = named.items() - environment.pins().items()
    assert not other, "change these in the README to the versions of requirements.txt"


@pytest.mark.parametrize("flags, good", [("fpu sse4_2 avx avx2", True), ("fpu sse4_2", False)])
def test_a_processor_without_avx_is_found_before_it_ends_the_process(
    tmp_path, monkeypatch, flags, good
):
    monkeypatch.setattr(shared.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(sys, "platform", "linux")
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t:\n", encoding="utf-8")
    assert (shared.processor_trouble(cpuinfo) == "") == good


def test_a_processor_without_avx_is_an_error_of_the_import(monkeypatch):
    monkeypatch.setattr(shared, "processor_trouble", lambda: "This processor has no AVX")
    with pytest.raises(ImportError, match="no AVX"):
        shared._import_tensorflow()


def test_damaged_data_is_a_fault_and_keeps_its_words(seen):
    seen["data"] = "DataError: train-labels-idx1-ubyte.gz is damaged"
    assert faults(environment.notebook()) == [seen["data"]]


def test_an_import_that_fails_is_a_fault_with_its_last_line(seen):
    seen.update(returncode=1, stderr="Traceback ...\nImportError: DLL load failed\n")
    assert faults(environment.notebook())[0].endswith("ImportError: DLL load failed")


def test_a_gpu_that_is_used_is_named(seen):
    seen["gpus"] = ["NVIDIA L4"]
    assert (True, "TensorFlow uses the GPU: NVIDIA L4") in environment.notebook()


def test_a_gpu_that_tensorflow_for_windows_cannot_use_is_no_fault(seen, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    seen["trouble"] = "for the GPU, use WSL 2"
    assert (True, "TensorFlow uses the processor: for the GPU, use WSL 2") in environment.notebook()


def test_a_gpu_that_is_not_used_is_a_fault_with_the_reason_and_tensorflows_words(seen, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    seen.update(trouble="no CUDA libraries", stderr="W cudart_stub.cc:31] Could not find cuda")
    (fault,) = faults(environment.notebook())
    assert "the NVIDIA GPU is not used: no CUDA libraries" in fault
    assert "Could not find cuda" in fault


def tensorflow(gpus=(), cuda=True):
    return SimpleNamespace(
        __version__="2.21.0",
        config=SimpleNamespace(list_physical_devices=lambda kind: list(gpus)),
        test=SimpleNamespace(is_built_with_cuda=lambda: cuda),
    )


def test_no_gpu_and_a_gpu_in_use_are_no_trouble(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(shared, "nvidia_gpu_is_present", lambda: False)
    assert shared.gpu_trouble(tensorflow()) == ""
    monkeypatch.setattr(shared, "nvidia_gpu_is_present", lambda: True)
    assert shared.gpu_trouble(tensorflow(["GPU:0"])) == ""


def test_a_gpu_that_is_present_and_unusable_says_what_to_install(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(shared, "nvidia_gpu_is_present", lambda: True)
    monkeypatch.setattr(sys, "platform", "linux")
    assert 'pip install "tensorflow[and-cuda]==2.21.0"' in shared.gpu_trouble(tensorflow())
    assert "without CUDA" in shared.gpu_trouble(tensorflow(cuda=False))
    monkeypatch.setattr(sys, "platform", "win32")
    assert "WSL 2" in shared.gpu_trouble(tensorflow())


def test_a_gpu_that_the_user_has_hidden_is_no_trouble(monkeypatch):
    monkeypatch.setattr(shared, "nvidia_gpu_is_present", lambda: True)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert shared.gpu_trouble(tensorflow()) == ""


def test_a_kernel_of_another_python_is_a_fault(tmp_path, monkeypatch):
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    content = {"argv": ["/elsewhere/bin/python", "-m", "ipykernel_launcher"], "display_name": "x"}
    (spec / "kernel.json").write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    good, text = environment.kernel()
    assert not good and "/elsewhere/bin/python" in text


def test_too_little_memory_is_a_fault():
    assert environment.memory(needed=0.0)[0]
    assert faults([environment.memory(needed=1e6)])[0].endswith("shut down other kernels")


def test_one_bad_line_or_a_check_that_fails_makes_the_exit_status_1(capsys):
    def broken():
        raise OSError("no such device")

    assert environment.main([lambda: (True, "fine")]) == 0
    assert environment.main([lambda: [(True, "fine"), (False, "do this")]]) == 1
    assert environment.main([broken]) == 1
    assert "broken could not be checked: OSError: no such device" in capsys.readouterr().out
