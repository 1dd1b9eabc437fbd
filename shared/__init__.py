"""The module behind the notebooks. Import it before TensorFlow.

mnist       the images and labels, in three splits
layers      the parts of a network, each first written in the notebook that teaches it
optimizers  SGD, RMSprop, Adam and learning-rate schedules
training    fit, evaluate, predict, sweep
plotting    every figure that more than one notebook needs
claims      a sentence and the condition that makes it true

TensorFlow's libraries write start-up lines straight to the process's error stream before any
setting of TensorFlow can silence them; a notebook would show them as a red block. So TensorFlow
is imported here, once, with that stream set aside. If the import fails, the lines are shown.

TensorFlow also warns of a function that is compiled again and again. It is silenced: many models,
each compiled once, look the same to it.
"""

import logging
import os
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # after the import, too


def _import_tensorflow_quietly():
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            import tensorflow  # noqa: F401
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


_import_tensorflow_quietly()
logging.getLogger("tensorflow").addFilter(lambda record: "retracing" not in record.getMessage())
