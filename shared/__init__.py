"""The module behind the notebooks. Import it before TensorFlow.

mnist       the images and labels, in three splits
pictures    from a photo, scan or drawing to MNIST's form
ink         finds the digit in such a picture
layers      the parts of a network, each first written in the notebook that teaches it
optimizers  SGD, RMSprop, Adam, AdamW and learning-rate schedules
training    fit, evaluate, predict, sweep
checks      what every entrance checks, in the same words; arguments, layer_checks and
            model_checks: the longer ones
tracing     what a model computes, found without running it
interrupts  Kernel > Interrupt, heard between calls of TensorFlow
history     what a training went through
progress    the line and the growing curve of a training
claims      a sentence and the condition that makes it true
plotting    every figure that more than one notebook needs
diagrams    networks, computation graphs and kernels, drawn by code
pad         a field to draw a digit in

`python -m shared` checks the environment: Python, packages, processor, data, kernel, memory.

TensorFlow's libraries write start-up lines straight to the process's error stream before any
setting of TensorFlow can silence them; a notebook would show them as a red block. So TensorFlow
is imported here, once, with that stream set aside. If the import fails, the lines are shown. A
Python that is too old, a missing TensorFlow and a processor that TensorFlow cannot run on (it
would end the kernel) are errors that say what to do; an NVIDIA GPU that stays unused is one line.

TensorFlow also warns of a function that is compiled again and again. It is silenced: many models,
each compiled once, look the same to it.
"""

import logging
import os
import platform
import sys
import tempfile
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)  # the Pythons for which requirements.txt can be installed
START = "see Start in README.md"

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # after the import, too


def processor_trouble(cpuinfo="/proc/cpuinfo"):
    """Returns why TensorFlow cannot run on this processor, or "".

    TensorFlow's packages for x86 processors contain AVX instructions and end the process on a
    processor that has none. macOS on x86 is not looked at: there is no such package for it.
    """
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return ""
    avx = True
    if sys.platform == "win32":
        import ctypes

        avx = ctypes.windll.kernel32.IsProcessorFeaturePresent(39)  # PF_AVX_INSTRUCTIONS_AVAILABLE
    elif Path(cpuinfo).exists():
        with open(cpuinfo, encoding="utf-8", errors="replace") as lines:
            flags = next((line.split() for line in lines if line.startswith("flags")), None)
        avx = flags is None or "avx" in flags
    return "" if avx else f"This processor has no AVX, which TensorFlow needs: use Colab ({START})"


def nvidia_gpu_is_present():
    """Returns whether an NVIDIA driver shows a GPU to this system (Linux, WSL or Windows)."""
    if sys.platform == "win32":
        system = Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "System32"
        return (system / "nvcuda.dll").exists()
    wsl = Path("/dev/dxg").exists() and Path("/usr/lib/wsl/lib/nvidia-smi").exists()
    return wsl or any(Path("/dev").glob("nvidia[0-9]*"))


def gpu_trouble(tf):
    """Returns why an NVIDIA GPU that is present stays unused, or "" (also where there is none).

    tf: the module tensorflow.
    """
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1")  # the user's own decision
    if hidden or not nvidia_gpu_is_present() or tf.config.list_physical_devices("GPU"):
        return ""
    if sys.platform == "win32":
        return "TensorFlow for Windows uses the processor only; for the GPU, use WSL 2"
    if not tf.test.is_built_with_cuda():
        return "this TensorFlow was built without CUDA"
    return (
        "TensorFlow finds no CUDA libraries that fit it and the driver: "
        f'pip install "tensorflow[and-cuda]=={tf.__version__}"; `python -m shared` shows its words'
    )


def _import_tensorflow():
    """Imports TensorFlow without its chatter; returns gpu_trouble. Raises ImportError in words."""
    if not sys.version_info[:2] >= OLDEST:
        raise ImportError(
            f"Python {platform.python_version()} ({sys.executable}) is too old: "
            f"Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]} is needed; {START}"
        )
    if processor_trouble():
        raise ImportError(processor_trouble())
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            import tensorflow

            return gpu_trouble(tensorflow)
        except BaseException as error:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace"))
            if not isinstance(error, ModuleNotFoundError) or error.name != "tensorflow":
                raise
            raise ModuleNotFoundError(
                f"TensorFlow is not installed for Python {platform.python_version()} "
                f"({sys.executable}). Choose the kernel of this repository's .venv, or install "
                f"what requirements.txt lists; {START}",
                name="tensorflow",
            ) from None
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


if hasattr(sys.stdout, "reconfigure"):  # a Windows shell's file may be in an alphabet without ✓
    sys.stdout.reconfigure(errors="replace")

# While `python -m shared` looks for its program, sys.argv[0] is "-m": the check of the environment
# has to run where TensorFlow does not.
if sys.argv[:1] != ["-m"]:
    _unused = _import_tensorflow()
    logging.getLogger("tensorflow").addFilter(lambda record: "retracing" not in record.getMessage())
    if _unused and "PYTEST_VERSION" not in os.environ:  # a test compares a notebook's output
        print(f"The NVIDIA GPU of this machine is not used: {_unused}")
