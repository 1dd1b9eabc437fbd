"""Checks the environment of the notebooks: `python -m shared` (from the repository's folder).

Prints a line for each thing that the notebooks need: what was found ("✓"), or what to do ("✗").
The exit status is 1 if there is something to do. A bug report should contain the whole output.

It runs where the notebooks do not: with another Python, without TensorFlow, on an old processor.
So this file uses the standard library alone, and what may end a process runs in one of its own.
"""

import json
import os
import platform
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from shared import NEWEST, OLDEST, START, nvidia_gpu_is_present, processor_trouble

REPOSITORY = Path(__file__).resolve().parent.parent
INSTALL = f"{sys.executable} -m pip install -r requirements.txt"
HOSTED = {"COLAB_RELEASE_TAG": "Colab", "KAGGLE_KERNEL_RUN_TYPE": "Kaggle"}  # their own versions
IMPORTED = "tensorflow", "keras", "numpy", "scipy", "matplotlib", "pillow", "anywidget"

# What a notebook does in its first cells, and what TensorFlow sees of this machine.
NOTEBOOK = """
import json, pkgutil, sys
sys.path.insert(0, "..")
import shared
for module in pkgutil.iter_modules(shared.__path__, "shared."):
    if module.name != "shared.__main__":
        __import__(module.name)
import tensorflow as tf
gpus = [tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        for gpu in tf.config.list_physical_devices("GPU")]
try:
    splits, data = [len(split.labels) for split in shared.mnist.load()], ""
except Exception as error:
    splits, data = [], f"{type(error).__name__}: {error}"
print(json.dumps({"gpus": gpus, "trouble": shared.gpu_trouble(tf), "splits": splits, "data": data}))
"""
GPU_WORDS = "import tensorflow as tf; tf.config.list_physical_devices('GPU')"


def good(text):
    return True, text


def bad(text):
    return False, text


def python():
    """Returns whether this Python is one for which the packages exist, as (good, text)."""
    version, bits = sys.version_info[:2], 64 if sys.maxsize > 2**32 else 32
    found = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    wanted = f"Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]} is needed: {START}"
    if not OLDEST <= version <= NEWEST or bits != 64:
        return bad(f"{found}, {bits} bits: {wanted}")
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        return bad(f"{found}: TensorFlow needs a Python built for arm64: {START}")
    return good(f"{found}; {sys.executable}")


def pins(requirements=REPOSITORY / "requirements.txt"):
    """Returns {package: version} of the requirements."""
    text = requirements.read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, re.MULTILINE))


def packages(pinned=None):
    """Returns lines on the packages: those installed as pinned, those missing, each other one.

    Colab and Kaggle come with their own versions and need no more than what the notebooks import.
    """
    hosted = next((name for variable, name in HOSTED.items() if variable in os.environ), None)
    same, missing, lines = [], [], []
    for name, version in (pins() if pinned is None else pinned).items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            if not hosted or name in IMPORTED:
                missing.append(f"{name}=={version}")
            continue
        if found == version:
            same.append(f"{name} {found}")
        elif hosted:
            lines.append(good(f"{name} {found}, {hosted}'s own (elsewhere {version})"))
        else:
            lines.append(bad(f"{name} {found}, the notebooks are tested with {version}: {INSTALL}"))
    if missing:
        install = f"pip install {' '.join(missing)}" if hosted else INSTALL
        lines.insert(0, bad(f"not installed: {', '.join(missing)}: {install}"))
    if same:
        lines.insert(0, good("packages as in requirements.txt: " + ", ".join(same)))
    return lines


def processor():
    """Returns (good, text): whether TensorFlow can run on this processor."""
    trouble = processor_trouble()
    return bad(trouble) if trouble else good(f"processor, {os.cpu_count()} threads")


def notebook():
    """Returns lines on what a notebook meets: shared/, TensorFlow, GPU and data."""
    if processor_trouble():
        return [bad("shared/, data: not checked, because TensorFlow cannot run here")]
    run = _python(NOTEBOOK, cwd=REPOSITORY / "notebooks")
    if run.returncode:
        words = run.stderr.strip().splitlines() or [f"its process ended with {run.returncode}"]
        return [bad(f"shared/ cannot be imported, data not checked: {words[-1]}")]
    seen = json.loads(run.stdout.splitlines()[-1])
    lines = [good("shared/ can be imported from notebooks/")]
    if seen["gpus"]:
        lines.append(good("TensorFlow uses the GPU: " + ", ".join(seen["gpus"])))
    elif seen["trouble"] and sys.platform == "win32":  # nothing is wrong, and nothing to install
        lines.append(good(f"TensorFlow uses the processor: {seen['trouble']}"))
    elif seen["trouble"]:
        lines.append(bad(f"the NVIDIA GPU is not used: {seen['trouble']}{_gpu_words()}"))
    elif nvidia_gpu_is_present():
        lines.append(good("TensorFlow uses the processor: CUDA_VISIBLE_DEVICES hides the GPU"))
    else:
        lines.append(good("TensorFlow uses the processor: there is no NVIDIA GPU"))
    if seen["data"]:
        lines.append(bad(seen["data"]))
    else:
        lines.append(good(f"data verified: {' + '.join(f'{n:,}' for n in seen['splits'])} images"))
    return lines


def kernel():
    """Returns (good, text): whether Jupyter's kernel "python3" is this Python."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError:
        return bad(f"no Jupyter kernel: {INSTALL}")
    try:
        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return bad(f"no Jupyter kernel named python3: {INSTALL}")
    # Jupyter itself puts its own Python in the place of these names.
    this = re.fullmatch(r"python[\d.]*", command) or _same_file(command, sys.executable)
    if not this:
        return bad(
            f"the kernel python3 starts {command}, not {sys.executable}: "
            "`python -m ipykernel install --sys-prefix`, or choose the Python of .venv"
        )
    return good("Jupyter's kernel python3 starts this Python")


def memory(needed=2.0):
    """Returns (good, text): whether as much memory is free as a notebook takes, in GB."""
    try:
        import psutil
    except ImportError:
        return bad(f"memory not checked, because psutil is not installed: {INSTALL}")
    free, total = (psutil.virtual_memory()._asdict()[key] / 1e9 for key in ("available", "total"))
    text = f"{free:.1f} of {total:.1f} GB of memory free"
    if free < needed:
        return bad(f"{text}, a notebook takes up to {needed:.0f} GB: shut down other kernels")
    return good(text)


CHECKS = python, packages, processor, notebook, kernel, memory


def main(checks=CHECKS):
    """Prints the lines of all checks; returns the exit status, 1 if one of them is bad."""
    sys.stdout.reconfigure(errors="replace")  # a Windows code page without ✓
    all_good = True
    for check in checks:
        try:
            lines = check()
        except Exception as error:  # the check itself is at fault: say so, go on with the others
            lines = bad(f"{check.__name__} could not be checked: {type(error).__name__}: {error}")
        for fine, text in lines if isinstance(lines, list) else [lines]:
            print("✓" if fine else "✗", text, flush=True)
            all_good = all_good and fine
    print("\nThe notebooks will run." if all_good else "\nEach ✗ above says what to do.")
    return 0 if all_good else 1


def _python(program, cwd=REPOSITORY, **variables):
    """Runs a program in a Python of its own, without site-packages where this one has none."""
    return subprocess.run(
        [sys.executable, *(["-S"] if sys.flags.no_site else []), "-c", program],
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **variables},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )


def _gpu_words():
    """Returns the lines in which TensorFlow says why it does not use the GPU."""
    lines = _python(GPU_WORDS, TF_CPP_MIN_LOG_LEVEL="0").stderr.splitlines()
    found = [line for line in lines if re.search("cuda|gpu|cudnn", line, re.IGNORECASE)]
    return "".join(f"\n    {line}" for line in found)


def _same_file(one, other):
    """Returns whether two paths lead to the same program of the same environment."""
    return os.path.normcase(os.path.abspath(one)) == os.path.normcase(os.path.abspath(other))


if __name__ == "__main__":
    sys.exit(main())
