"""How long an epoch takes: ours, Keras, PyTorch, JAX, the eager loop, and the products under all.

    python tests/measure/benchmark.py [mlp cnn 99 sweep memory progress] [--rounds 5] [--out FILE]

Every contender has a process of its own, so that no two libraries share a thread pool or an
allocator. It compiles once and then trains an epoch whenever it is told to. The contenders are told
in turn, one at a time and round after round, so that whatever else the machine does in these
minutes slows all of them. The first round, which compiles, is not counted; what it took beyond the
median is the compilation. All seconds are those of the whole call, as a caller waits for it.

The training set is that of `mnist.load()`, 55,000 images, in memory before the clock starts: as
uint8 for us, who scale them in every step, and as floats, scaled before the clock starts, for the
others. All of them report the epoch's loss and accuracy, as Keras does.
PyTorch and JAX with Optax are left out where they are not installed.
"""

import argparse
import contextlib
import functools
import importlib.metadata
import multiprocessing
import os
import platform
import sys
import time
from pathlib import Path
from statistics import mean, median

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from contenders import jax_fit, keras_fit, ours, products, pytorch
from contenders.architectures import CNN, MLP, NINETY_NINE

# These import TensorFlow, Keras, PyTorch and JAX only when they are called, each in its process.


def race(contenders, rounds, *arguments):
    """Returns {name: [(seconds, result) of each call]}; the first call, uncounted, compiles.

    contenders: {name: function}; called with the arguments in a process of its own, it returns the
    function to be timed.
    """
    context, pipes = multiprocessing.get_context("spawn"), {}
    for name, contender in contenders.items():
        ours, theirs = context.Pipe()
        context.Process(target=_work, args=(theirs, contender, arguments), daemon=True).start()
        theirs.close()
        missing = ours.recv()
        if missing:
            print(f"{name} is left out: {missing}\n")
        else:
            pipes[name] = ours
    calls = {name: [] for name in pipes}
    for _ in range(1 + rounds):
        for name, pipe in pipes.items():
            pipe.send("go")
            calls[name].append(pipe.recv())
    for pipe in pipes.values():
        pipe.send("stop")
    return calls


def _work(pipe, contender, arguments):
    try:
        run = contender(*arguments)
    except ImportError as error:
        pipe.send(str(error))
        return
    pipe.send("")
    while pipe.recv() == "go":
        began = time.perf_counter()
        result = run()
        pipe.send((time.perf_counter() - began, result))


def table(calls, targets, heading="seconds per epoch", seconds=lambda call: call[0]):
    """Returns the lines of a Markdown table: medians, spreads, and the ratios of the first to all.

    seconds: which number of a call is compared.
    """
    measured = {name: [seconds(call) for call in rest] for name, (_, *rest) in calls.items()}
    reference = next(iter(measured.values()))
    yield f"| | {heading} | from - to | ours / this | target | compilation, s |"
    yield "|---|---:|---:|---:|---:|---:|"
    for name, values in measured.items():
        ratio = median(a / b for a, b in zip(reference, values, strict=True))
        target = f"<= {targets[name]}" if name in targets else ""
        walls = [wall for wall, _ in calls[name]]
        yield (
            f"| {name} | {median(values):.2f} | {min(values):.2f} - {max(values):.2f} "
            f"| {ratio:.2f} | {target} | {max(0, walls[0] - median(walls[1:])):.1f} |"
        )


PRODUCTS = {
    "products only, NumPy": products.products_numpy,
    "products only, TensorFlow": products.products_tensorflow,
    "products only, XLA": functools.partial(products.products_tensorflow, jit_compile=True),
}


def epochs(architecture, targets, data, rounds):
    """Compares the seconds per epoch; of the floors, the fastest is shown."""
    floors = dict(PRODUCTS)
    if architecture.convolutions:  # NumPy has none, and XLA's on a CPU are 20 times slower
        floors = {"products only, TensorFlow": products.products_tensorflow}
    contenders = {
        "ours": ours.ours,
        KERAS: keras_fit.keras_default,
        BEST: keras_fit.keras_best,
        "PyTorch": pytorch.pytorch,
        JAX: jax_fit.jax_scan,
        "eager `GradientTape` loop": ours.eager,
        ADAM: functools.partial(products.products_tensorflow, adam=True),
    }
    calls = race(contenders | floors, rounds, architecture, data.train)
    slower = sorted(floors, key=lambda name: median(seconds for seconds, _ in calls[name][1:]))
    for name in slower[1:]:
        del calls[name]
    return table(calls, targets)


def ninety_nine(data, rounds):
    contenders = {"ours": ours.ours_99, "PyTorch": pytorch.pytorch_99}
    calls = race(contenders, max(5, rounds), NINETY_NINE, data.train, data.test)
    yield from table(calls, {"PyTorch": 0.5}, seconds=lambda call: call[1][0])
    yield ""
    for name, (_, *rest) in calls.items():
        accuracies = [accuracy for _, (_, accuracy) in rest]
        spread = f"{min(accuracies):.2%} - {max(accuracies):.2%}"
        yield f"- {name}: test accuracy {mean(accuracies):.2%} over {len(rest)} seeds ({spread})"


def sweeps(data, rounds):
    """Also measures what a sweep does beside its epochs: above all it traces and compares models.

    The rest is making the models and optimizers, compiling the first, and checking the data.
    """
    part = data.train._replace(images=data.train.images[:10_000], labels=data.train.labels[:10_000])
    contenders = {"`sweep`": ours.sweep, "separate fits": ours.separate_fits}
    calls = race(contenders, rounds, part)
    yield from table(calls, {}, "seconds, compilation included")
    yield ""
    for name, (_, *rest) in calls.items():
        traced = median(traced / wall for wall, (*_, traced) in rest)
        beside = median(1 - epochs / wall for wall, (epochs, *_) in rest)
        later = median((wall - epochs - first) / wall for wall, (epochs, first, _) in rest)
        target = " (target <= 5 %)" if name == "`sweep`" else ""
        yield (
            f"- {name}: tracing and comparing {traced:.1%}{target}, all beside the epochs "
            f"{beside:.1%}, {later:.1%} without the first run"
        )


def peak_memory(data, rounds):
    ((_, peak),) = race({"memory": ours.memory}, 0)["memory"]
    yield f"{peak / 1e9:.2f} GB; target <= 1.5 GB"


def progress_cost(data, rounds):
    _, *calls = race({"progress": ours.progress}, max(9, rounds), data.train)["progress"]
    ratios = [ratio for _, ratio in calls]
    yield f"shown / silent: {median(ratios):.3f} ({min(ratios):.3f} - {max(ratios):.3f})"


KERAS, BEST = "Keras `fit`, as it comes", "Keras `fit`, best setting"
JAX, ADAM = "JAX, jit and scan", "products and Adam's update"
MLP_TARGETS = {KERAS: 0.31, BEST: 0.73, JAX: 1.0, ADAM: 1.15}
CNN_TARGETS = {KERAS: 0.69, BEST: 0.9}

SECTIONS = {
    "mlp": ("MLP 784-512-128-10", functools.partial(epochs, MLP, MLP_TARGETS)),
    "cnn": ("CNN 3x3 16, pool, 3x3 32, pool, 128, 10", functools.partial(epochs, CNN, CNN_TARGETS)),
    "99": ("99 % in one epoch: 5x5 24, pool, 3x3 32, pool, 256, 10", ninety_nine),
    "sweep": ("MLP 784-128-128-10, 48 runs of four epochs of 10,000 images", sweeps),
    "memory": ("Peak memory of training the MLP for 2 epochs", peak_memory),
    "progress": ("Seconds of an MLP epoch, progress shown or not", progress_cost),
}


def machine():
    """Returns a line that names the processor and the versions."""
    cpuinfo = Path("/proc/cpuinfo")
    models = cpuinfo.read_text().split("model name\t: ")[1:] if cpuinfo.exists() else []
    processor = models[0].split("\n")[0] if models else platform.processor()
    versions = [f"Python {platform.python_version()}"]
    for package in ("tensorflow", "keras", "torch", "jax", "optax", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions.append(f"{package} {importlib.metadata.version(package)}")
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}; {', '.join(versions)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], default=[])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=argparse.FileType("w", encoding="utf-8"))
    options = parser.parse_args()
    from shared import mnist

    data = mnist.load()
    _report(machine(), options.out)
    for name in options.sections or SECTIONS:
        title, section = SECTIONS[name]
        _report(f"\n### {title}\n", options.out)
        for line in section(data, options.rounds):
            _report(line, options.out)


def _report(line, file):
    print(line, flush=True)
    if file:
        print(line, file=file, flush=True)


if __name__ == "__main__":
    main()
