"""What a learner does to a running notebook, done to a real kernel: Kernel > Interrupt."""

import ast
import re
from pathlib import Path
from queue import Empty

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"

SETUP = """
import sys
sys.path.insert(0, "..")
from shared import mnist, training
from shared.layers import Dense
from shared.optimizers import Adam
import numpy as np
import tensorflow as tf

class Softmax(tf.Module):
    def __init__(self):
        super().__init__()
        self.dense = Dense(784, 10, np.random.default_rng(0))

    def __call__(self, images, training):
        return self.dense(tf.reshape(images, [-1, 784]))

data = mnist.load()
model, optimizer, twin = Softmax(), Adam(), Softmax()
"""
TRAIN = "history = training.fit(model, optimizer, data.train, data.validation, epochs=1000)"
LOOK = """
done = len(history.epoch)
print(0 < done < 1000, {len(values) for values in history.history.values()} == {done})
print(training.evaluate(model, data.validation) ==
      (history.history["val_loss"][-1], history.history["val_accuracy"][-1]))
training.fit(twin, Adam(), data.train, epochs=done, verbose=False)
print(np.array_equal(model.dense.W, twin.dense.W), int(optimizer.iterations) == 430 * done)
more = training.fit(model, optimizer, data.train, epochs=1, verbose=False)
print(len(more.epoch))
"""


@pytest.fixture(scope="module")
def kernel():
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(NOTEBOOKS))
    assert run(client, SETUP) == ""
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def run(client, code, seen=lambda printed: False, then=None):
    """Executes a cell and returns what it prints; calls `then` once, when seen(that much)."""
    request, printed = client.execute(code), ""
    while True:
        try:
            message = client.get_iopub_msg(timeout=120)
        except Empty:
            raise AssertionError(f"the kernel says nothing more after: {printed}") from None
        if message["parent_header"].get("msg_id") != request:
            continue
        content = message["content"]
        if message["msg_type"] == "stream":
            printed += content["text"]
        elif message["msg_type"] == "error":
            raise AssertionError("\n".join(content["traceback"]))
        elif message["msg_type"] == "status" and content["execution_state"] == "idle":
            return printed
        if then and seen(printed):
            then, _ = None, then()


@pytest.mark.parametrize("lines", [2, 7])
def test_an_interrupt_leaves_the_last_whole_epoch_and_its_history(kernel, lines):
    manager, client = kernel
    assert run(client, "model, optimizer, twin = Softmax(), Adam(), Softmax()") == ""
    interrupt = manager.interrupt_kernel
    printed = run(client, TRAIN, lambda so_far: so_far.count("epoch") > lines, interrupt)
    assert re.search(r"interrupted in epoch \d+: the weights are those after epoch \d+", printed)
    assert run(client, LOOK).split() == ["True"] * 5 + ["1"]


def test_an_interrupt_while_it_compiles_leaves_the_initial_weights(kernel):
    manager, client = kernel
    assert run(client, "model, optimizer, twin = Softmax(), Adam(), Softmax()") == ""
    run(client, TRAIN, lambda so_far: "compiling" in so_far, manager.interrupt_kernel)
    assert run(
        client, "print(len(history.epoch), np.array_equal(model.dense.W, twin.dense.W))"
    ) == ("0 True\n")


def test_an_interrupted_fit_of_keras_leaves_the_history_so_far(kernel):
    manager, client = kernel
    notebook = nbformat.read(NOTEBOOKS / "07_MLP_Keras_ReLU_Softmax.ipynb", as_version=4)
    for needed in ("SEED = 0", "def keras_mlp("):
        run(client, next(cell.source for cell in notebook.cells if needed in cell.source))
    training = next(cell.source for cell in notebook.cells if "class Lines(" in cell.source)
    with pytest.raises(AssertionError, match="KeyboardInterrupt"):
        run(client, training, lambda printed: "epoch" in printed, manager.interrupt_kernel)
    assert run(client, "figure = plotting.curves(history)") == ""
    look = "len(history.epoch), {len(values) for values in history.history.values()}"
    done, lengths = ast.literal_eval(run(client, f"print(({look}))"))
    assert 3 <= done < 15
    assert lengths == {done}
