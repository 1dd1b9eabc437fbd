"""How long an epoch takes: ours, Keras, PyTorch, the eager loop, and the products under them all.

    python tests/measure/benchmark.py [mlp cnn 99 sweep memory progress] [--rounds 5] [--out FILE]

Every contender has a process of its own, so that no two libraries share a thread pool or an
allocator. It compiles once and then trains an epoch whenever it is told to. The contenders are told
in turn, one at a time and round after round, so that whatever else the machine does in these
minutes slows all of them. The first round, which compiles, is not counted; what it took beyond the
median is the compilation. All seconds are those of the whole call, as a caller waits for it.

The training set is that of `mnist.load()`, 55,000 images, in memory before the clock starts: as
uint8 for us, who scale them in every step, and as floats, scaled before the clock starts, for the
others. All of them report the epoch's loss and accuracy, as Keras does.
"""

import argparse
import contextlib
import functools
import importlib.metadata
import itertools
import math
import multiprocessing
import os
import platform
import sys
import time
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
# TensorFlow, Keras and PyTorch are imported by the contenders: each process has its own library.


class Architecture(NamedTuple):
    """Convolutions, each with 2x2 max pooling and ReLU, and then dense layers with ReLU."""

    convolutions: tuple = ()  # of (width of the kernel, filters)
    dense: tuple = ()  # units of each hidden layer
    padding: str = "same"
    batch_size: int = 128

    def kernels(self):
        """Returns the shapes of the kernels, and those of the dense layers' weights."""
        side, channels, kernels = 28, 1, []
        for width, filters in self.convolutions:
            kernels.append((width, width, channels, filters))
            side, channels = (side if self.padding == "same" else side - width + 1) // 2, filters
        sizes = side * side * channels, *self.dense, 10
        return kernels, list(zip(sizes[:-1], sizes[1:], strict=True))


MLP = Architecture(dense=(512, 128))
CNN = Architecture(convolutions=((3, 16), (3, 32)), dense=(128,))
NINETY_NINE = Architecture(((5, 24), (3, 32)), (256,), padding="valid", batch_size=256)


# --- ours


def network(architecture, seed=0):
    """Returns the architecture as a model of ours, made of a variable per kernel and Dense layers.

    Bias and ReLU come after the pooling: the maximum of four stays the maximum when the same number
    is added to all four and when ReLU is taken, and there is a quarter of the work left.
    """
    import tensorflow as tf

    from shared.layers import Dense

    class Network(tf.Module):
        def __init__(self, rng):
            super().__init__()
            kernels, dense = architecture.kernels()
            self.kernels = [tf.Variable(_glorot(rng, shape)) for shape in kernels]
            self.biases = [tf.Variable(tf.zeros(shape[-1])) for shape in kernels]
            self.dense = [Dense(*shape, rng) for shape in dense]

        def __call__(self, x, training):
            a = x[..., tf.newaxis]
            for kernel, bias in zip(self.kernels, self.biases, strict=True):
                z = tf.nn.conv2d(a, kernel, 1, architecture.padding.upper())
                a = tf.nn.relu(tf.nn.max_pool2d(z, 2, 2, "VALID") + bias)
            a = tf.reshape(a, [-1, self.dense[0].W.shape[0]])
            for layer in self.dense[:-1]:
                a = tf.nn.relu(layer(a))
            return self.dense[-1](a)

    return Network(np.random.default_rng(seed))


def _glorot(rng, shape):
    """Returns initial kernels; every place under the kernel counts as one input or output."""
    from shared.layers import xavier

    *width, channels, filters = shape
    area = math.prod(width)
    return xavier(rng, area * channels, area * filters)[:, :filters].reshape(shape)


def ours(architecture, train):
    from shared import optimizers, training

    model, optimizer = network(architecture), optimizers.Adam(1e-3)
    return lambda: training.fit(
        model, optimizer, train, epochs=1, batch_size=architecture.batch_size, verbose=False
    )


def eager(architecture, train):
    """The same step, uncompiled: what the loop of a first tutorial does."""
    import tensorflow as tf

    from shared import optimizers, training

    model, optimizer = network(architecture), optimizers.Adam(1e-3)
    variables = model.trainable_variables
    optimizer.build(variables)
    step = training._step(model, variables, lambda gradients: optimizer.apply(gradients, variables))

    def epoch():
        order = training.batch_order(len(train.labels), 0, int(optimizer.iterations))
        loss, correct = 0.0, 0
        for start in range(0, len(order), architecture.batch_size):
            batch = order[start : start + architecture.batch_size]
            sums = step(tf.constant(train.images[batch]), tf.constant(train.labels[batch]))
            loss, correct = loss + float(sums[0]), correct + int(sums[1])
        return loss / len(order), correct / len(order)

    return epoch


# --- Keras


def keras_network(architecture, pool_first=False, **options):
    """Returns the architecture as a compiled Keras model; options: those of compile."""
    from keras import Input, Sequential, layers, losses, optimizers

    parts = [Input((28, 28, 1))]
    for width, filters in architecture.convolutions:
        convolution = layers.Conv2D(filters, width, padding=architecture.padding)
        tail = [layers.MaxPooling2D(), layers.ReLU()]
        parts += [convolution, *(tail if pool_first else reversed(tail))]
    parts.append(layers.Flatten())
    parts += [layers.Dense(units, activation="relu") for units in architecture.dense]
    model = Sequential([*parts, layers.Dense(10)])
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizers.Adam(1e-3), loss, metrics=["accuracy"], **options)
    return model


def keras_default(architecture, train):
    x, y = _floats(train)
    model = keras_network(architecture)
    return lambda: model.fit(x, y, batch_size=architecture.batch_size, verbose=0)


def keras_best(architecture, train):
    """The best found: many steps per call, batches gathered by tf.data; XLA for dense networks."""
    import tensorflow as tf

    dense = not architecture.convolutions
    model = keras_network(architecture, pool_first=True, jit_compile=dense, steps_per_execution=50)
    x, y = map(tf.constant, _floats(train))
    order = tf.data.Dataset.range(len(y)).shuffle(len(y)).batch(architecture.batch_size)
    batches = order.map(lambda batch: (tf.gather(x, batch), tf.gather(y, batch))).prefetch(4)
    return lambda: model.fit(batches, shuffle=False, verbose=0)


def _floats(train):
    return train.images[..., np.newaxis].astype(np.float32) / 255, train.labels


# --- PyTorch


def torch_network(architecture, seed=0):
    import torch
    from torch import nn

    torch.manual_seed(seed)
    kernels, dense = architecture.kernels()
    parts = []
    for width, _, channels, filters in kernels:
        convolution = nn.Conv2d(channels, filters, width, padding=architecture.padding)
        parts += [convolution, nn.MaxPool2d(2), nn.ReLU()]
    parts.append(nn.Flatten())
    for fan_in, fan_out in dense:
        parts += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    return nn.Sequential(*parts[:-1]).to(memory_format=torch.channels_last)


def torch_tensors(split):
    """Returns images, float [n, 1, 28, 28], channels last in memory, and labels."""
    import torch

    images = torch.from_numpy(split.images[:, np.newaxis].astype(np.float32) / 255)
    return images.to(memory_format=torch.channels_last), torch.from_numpy(split.labels).long()


def torch_epoch(model, optimizer, images, labels, batch_size, schedule=None):
    """Trains one epoch as PyTorch is mostly used: eager, every batch picked by its indices."""
    import torch

    total, correct = torch.zeros(()), torch.zeros((), dtype=torch.int64)
    for batch in torch.randperm(len(labels)).split(batch_size):
        y = labels[batch]
        logits = model(images[batch])
        loss = torch.nn.functional.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if schedule:
            schedule.step()
        total += loss.detach() * len(y)
        correct += (logits.argmax(1) == y).sum()
    return float(total) / len(labels), int(correct) / len(labels)


def pytorch(architecture, train):
    import torch

    model, tensors = torch_network(architecture), torch_tensors(train)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    return lambda: torch_epoch(model, optimizer, *tensors, architecture.batch_size)


# --- the floor: nothing but the products of weights with inputs and with gradients


def products_numpy(architecture, train):
    images = _floats(train)[0].reshape(len(train.labels), -1)
    rng = np.random.default_rng(0)
    weights = [rng.normal(0, 0.03, shape).astype(np.float32) for shape in architecture.kernels()[1]]
    gradients = [None] * len(weights)

    def epoch():
        for start in range(0, len(images), architecture.batch_size):
            inputs = [images[start : start + architecture.batch_size]]
            for w in weights:
                inputs.append(inputs[-1] @ w)
            gradient = inputs.pop()
            for i in reversed(range(len(weights))):
                gradients[i] = inputs[i].T @ gradient
                gradient = gradient @ weights[i].T if i else None

    return epoch


def products_tensorflow(architecture, train, jit_compile=False, adam=False):
    """The same in a compiled loop, with convolutions; a crop stands where the pooling was.

    adam: after every batch, the weights are updated, too.
    """
    import tensorflow as tf

    from shared import optimizers

    batch_size, images = architecture.batch_size, tf.constant(_floats(train)[0])
    shapes = sum(architecture.kernels(), [])
    weights = [tf.Variable(0.03 * tf.random.stateless_normal(shape, [0, 0])) for shape in shapes]

    def gradients(x):
        with tf.GradientTape() as tape:
            for w in weights:
                if len(w.shape) == 4:
                    x = tf.nn.conv2d(x, w, 1, architecture.padding.upper())
                    x = x[:, : x.shape[1] // 2, : x.shape[2] // 2]
                else:
                    x = tf.reshape(x, [batch_size, -1]) @ w
        return tape.gradient(x, weights, output_gradients=x)

    optimizer = optimizers.Adam(1e-9)  # so small that the numbers stay as harmless as they are
    optimizer.build(weights)

    @tf.function(autograph=False, jit_compile=True)
    def update(gradients):
        optimizer.apply(gradients, weights)

    @tf.function(jit_compile=jit_compile)
    def epoch():
        start, last = tf.constant(0), [tf.zeros(shape) for shape in shapes]
        while start + batch_size <= len(train.labels):  # the last, smaller batch is left out
            last = gradients(tf.slice(images, [start, 0, 0, 0], [batch_size, 28, 28, 1]))
            if adam:
                update(last)
            start += batch_size
        return last

    return lambda: [gradient.numpy() for gradient in epoch()]


# --- 99 % in one epoch


def ours_99(architecture, train, test):
    """Returns a function that trains the next seed: (seconds, test accuracy)."""
    from shared import optimizers, training

    steps = math.ceil(len(train.labels) / architecture.batch_size)

    def build(seed):
        rate = optimizers.one_cycle(0.01, steps)
        return network(architecture, seed), optimizers.Adam(rate, beta_1=0.7, beta_2=0.9)

    def runs():
        options = {"epochs": 1, "batch_size": architecture.batch_size}
        for _, model, history in training.sweep(build, itertools.count(), train, **options):
            yield history.history["seconds"][0], training.evaluate(model, test)[1]

    return functools.partial(next, runs())


def pytorch_99(architecture, train, test):
    """Returns a function that trains the next seed: (seconds, test accuracy)."""
    import torch

    tensors, (test_images, test_labels) = torch_tensors(train), torch_tensors(test)
    steps = math.ceil(len(train.labels) / architecture.batch_size)

    def runs():
        for seed in itertools.count():
            model = torch_network(architecture, seed)
            optimizer = torch.optim.Adam(model.parameters(), 0.01, betas=(0.7, 0.9), fused=True)
            schedule = torch.optim.lr_scheduler.OneCycleLR(
                optimizer, 0.01, total_steps=steps, cycle_momentum=False
            )
            began = time.perf_counter()
            torch_epoch(model, optimizer, *tensors, architecture.batch_size, schedule)
            seconds = time.perf_counter() - began
            with torch.no_grad():
                hits = model(test_images).argmax(1) == test_labels
            yield seconds, float(hits.float().mean())

    return functools.partial(next, runs())


# --- sweep, memory, progress: all of them ours

RATES = 1e-4, 3e-4, 1e-3, 3e-3, 1e-2


def build_mlp(rate):
    from shared import optimizers

    return network(MLP), optimizers.Adam(rate)


def sweep(train):
    from shared import training

    return lambda: [run[0] for run in training.sweep(build_mlp, RATES, train, epochs=1)]


def separate_fits(train):
    from shared import training

    def run():
        training._compiled.cache_clear()
        for rate in RATES:
            training.fit(*build_mlp(rate), train, epochs=1, verbose=False)

    return run


def memory():
    """Returns a function that does what a notebook does, and returns the most bytes it ever had."""
    import resource

    from shared import mnist, plotting, training  # noqa: F401

    def run():
        data = mnist.load()
        training.fit(*build_mlp(1e-3), data.train, data.validation, epochs=2, verbose=False)
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

    return run


def progress(train):
    """Returns a function that trains an epoch showing progress and one silently: the ratio."""
    from shared import training

    model, optimizer = build_mlp(1e-3)

    def seconds(verbose):
        began = time.perf_counter()
        with open(os.devnull, "w") as devnull, contextlib.redirect_stdout(devnull):
            training.fit(model, optimizer, train, epochs=1, verbose=verbose)
        return time.perf_counter() - began

    return lambda: seconds(True) / seconds(False)


# --- the race and its tables


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
    "products only, NumPy": products_numpy,
    "products only, TensorFlow": products_tensorflow,
    "products only, XLA": functools.partial(products_tensorflow, jit_compile=True),
}


def epochs(architecture, targets, data, rounds):
    """Compares the seconds per epoch; of the floors, the fastest is shown."""
    products = dict(PRODUCTS)
    if architecture.convolutions:  # NumPy has none, and XLA's on a CPU are 20 times slower
        products = {"products only, TensorFlow": products_tensorflow}
    contenders = {
        "ours": ours,
        KERAS: keras_default,
        BEST: keras_best,
        "PyTorch": pytorch,
        "eager `GradientTape` loop": eager,
        "products and Adam's update": functools.partial(products_tensorflow, adam=True),
    }
    calls = race(contenders | products, rounds, architecture, data.train)
    floors = sorted(products, key=lambda name: median(seconds for seconds, _ in calls[name][1:]))
    for name in floors[1:]:
        del calls[name]
    return table(calls, targets)


def ninety_nine(data, rounds):
    contenders = {"ours": ours_99, "PyTorch": pytorch_99}
    calls = race(contenders, max(5, rounds), NINETY_NINE, data.train, data.test)
    yield from table(calls, {"PyTorch": 0.5}, seconds=lambda call: call[1][0])
    yield ""
    for name, (_, *rest) in calls.items():
        accuracies = [accuracy for _, (_, accuracy) in rest]
        spread = f"{min(accuracies):.2%} - {max(accuracies):.2%}"
        yield f"- {name}: test accuracy {mean(accuracies):.2%} over {len(rest)} seeds ({spread})"


def sweeps(data, rounds):
    part = data.train._replace(images=data.train.images[:20_000], labels=data.train.labels[:20_000])
    calls = race({"`sweep`": sweep, "separate fits": separate_fits}, 3, part)
    return table(calls, {}, "seconds, compilation included")


def peak_memory(data, rounds):
    ((_, peak),) = race({"memory": memory}, 0)["memory"]
    yield f"{peak / 1e9:.2f} GB; target <= 1.5 GB"


def progress_cost(data, rounds):
    _, *calls = race({"progress": progress}, max(9, rounds), data.train)["progress"]
    ratios = [ratio for _, ratio in calls]
    yield f"shown / silent: {median(ratios):.3f} ({min(ratios):.3f} - {max(ratios):.3f})"


KERAS, BEST = "Keras `fit`, as it comes", "Keras `fit`, best setting"
MLP_TARGETS = {KERAS: 0.25, BEST: 0.6, "PyTorch": 0.7} | dict.fromkeys(PRODUCTS, 1.3)
CNN_TARGETS = {KERAS: 0.5, BEST: 0.7, "PyTorch": 0.45}

SECTIONS = {
    "mlp": ("MLP 784-512-128-10", functools.partial(epochs, MLP, MLP_TARGETS)),
    "cnn": ("CNN 3x3 16, pool, 3x3 32, pool, 128, 10", functools.partial(epochs, CNN, CNN_TARGETS)),
    "99": ("99 % in one epoch: 5x5 24, pool, 3x3 32, pool, 256, 10", ninety_nine),
    "sweep": ("MLP, 5 learning rates, an epoch of 20,000 images each", sweeps),
    "memory": ("Peak memory of training the MLP for 2 epochs", peak_memory),
    "progress": ("Seconds of an MLP epoch, progress shown or not", progress_cost),
}


def machine():
    """Returns a line that names the processor and the versions."""
    cpuinfo = Path("/proc/cpuinfo")
    models = cpuinfo.read_text().split("model name\t: ")[1:] if cpuinfo.exists() else []
    processor = models[0].split("\n")[0] if models else platform.processor()
    versions = [f"Python {platform.python_version()}"]
    for package in ("tensorflow", "keras", "torch", "numpy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions.append(f"{package} {importlib.metadata.version(package)}")
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}; {', '.join(versions)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], default=[])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=argparse.FileType("w"))
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
