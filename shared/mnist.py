"""MNIST: 70,000 handwritten digits of 28 x 28 grey pixels, read from the four files in data/.

LeCun, Cortes and Burges, "The MNIST database of handwritten digits" (1998). The files are in the
IDX format: a header of big-endian 32-bit integers (a magic number that names the element type and
the number of dimensions, then the size of each dimension), and then the bytes themselves.

Every file is checked against the SHA-256 of its content before use. A missing file is downloaded.
"""

import gzip
import hashlib
import logging
import math
import os
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

DATA = Path(__file__).resolve().parent.parent / "data"

MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
)


class File(NamedTuple):
    """One of the four files: its name, the shape of its content, the SHA-256 of that content."""

    name: str
    shape: tuple
    sha256: str


TRAIN_IMAGES = File(
    "train-images-idx3-ubyte.gz",
    (60_000, 28, 28),
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
)
TRAIN_LABELS = File(
    "train-labels-idx1-ubyte.gz",
    (60_000,),
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
)
TEST_IMAGES = File(
    "t10k-images-idx3-ubyte.gz",
    (10_000, 28, 28),
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
)
TEST_LABELS = File(
    "t10k-labels-idx1-ubyte.gz",
    (10_000,),
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
)


class Split(NamedTuple):
    """Images, uint8 [n, 28, 28], 0 is background and 255 is ink; and their labels, int32 [n]."""

    images: np.ndarray
    labels: np.ndarray


class Mnist(NamedTuple):
    """55,000 images to learn from, 5,000 to make choices with, 10,000 for one look at the end."""

    train: Split
    validation: Split
    test: Split


class DataError(Exception):
    """A data file is missing, damaged or not what it should be; the message says what to do."""


def load(folder=DATA):
    """Returns MNIST as an Mnist of three Splits.

    The validation split is every twelfth image of each digit, in the order of the file. It is
    stratified, so that each digit is as frequent as in the whole, it takes from all of the file,
    whose writers change along the way, and it needs no random numbers that might change with a
    library's version. The order of the images within a split is that of the file.

    folder: where the four files are. Missing files are downloaded into it.
    Raises DataError if a file is missing and cannot be downloaded, or is not the real one.
    """
    train_images, train_labels, test_images, test_labels = (
        _read(Path(folder), file) for file in (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
    )
    train_labels, test_labels = train_labels.astype(np.int32), test_labels.astype(np.int32)
    held_out = np.zeros(len(train_labels), bool)
    held_out[np.argsort(train_labels, kind="stable")[::12]] = True
    return Mnist(
        train=Split(train_images[~held_out], train_labels[~held_out]),
        validation=Split(train_images[held_out], train_labels[held_out]),
        test=Split(test_images, test_labels),
    )


def scale(images):
    """Returns images as float32 in [0, 1]: uint8 is divided by 255, floats keep their values."""
    if images.dtype == np.uint8:
        return tf.cast(images, tf.float32) / 255.0
    return tf.cast(images, tf.float32)


def parse_idx(content):
    """Returns the array that an uncompressed IDX file of unsigned bytes holds: uint8, read-only.

    content: the bytes of the file.
    Raises DataError if they are not such a file; sizes are checked before anything is made.
    """
    zeros, kind, dimensions = content[:2], content[2:3], int.from_bytes(content[3:4], "big")
    if len(content) < 4 or zeros != b"\0\0" or kind != b"\x08":
        raise DataError(f"starts with {content[:4].hex()!r}, an IDX file of bytes with '000008'")
    header = 4 + 4 * dimensions
    if not 1 <= dimensions <= 4:
        raise DataError(f"says it has {dimensions} dimensions, expected 1 to 4")
    if len(content) < header:
        raise DataError(f"ends inside its header: {len(content)} of {header} bytes")
    shape = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, header, 4))
    if 0 in shape or len(content) - header != math.prod(shape):
        raise DataError(f"says {shape} but holds {len(content) - header:,} bytes after its header")
    return np.frombuffer(content, np.uint8)[header:].reshape(shape)


def _read(folder, file):
    """Returns the content of a file in the folder as an array, downloading it if it is missing."""
    path = folder / file.name
    if not path.exists():
        _download(folder, file)
    try:
        return _verified(path, file)
    except DataError as error:
        raise DataError(
            f"{path.name} {error}.\nTo restore it: `git checkout -- data/{file.name}`, "
            "or delete the file and run this again to download it."
        ) from None


def _verified(path, file):
    """Returns the array that the file at path holds, if it is the real one."""
    size = 4 + 4 * len(file.shape) + math.prod(file.shape)
    try:
        with gzip.open(path) as stream:
            content = stream.read(size + 1)  # never more, whatever the file claims
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"cannot be read as a gzip file ({error}); expected a file of shape {file.shape}, "
            f"the SHA-256 of its content {file.sha256}"
        ) from None
    if len(content) > size:
        raise DataError(f"holds more than the {size:,} bytes expected")
    array = parse_idx(content)
    if array.shape != file.shape:
        raise DataError(f"holds an array of shape {array.shape}, expected {file.shape}")
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != file.sha256:
        raise DataError(
            f"is damaged: the SHA-256 of its content is {sha256}, expected {file.sha256}"
        )
    return array


def _download(folder, file):
    """Puts a file in the folder from the first mirror that has the real one; all or nothing."""
    import pooch  # here, because hardly anyone needs it

    pooch.get_logger().setLevel(logging.WARNING)
    print(f"{file.name} is missing: downloading it")
    failures = []
    for mirror in MIRRORS:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch:
                path = Path(pooch.retrieve(mirror + file.name, None, file.name, scratch))
                _verified(path, file)
                os.replace(path, folder / file.name)
                return
        except (DataError, OSError, ValueError) as error:  # requests' errors are OSErrors
            failures.append(f"  {mirror}: {error}")
    raise DataError(
        f"{file.name} is missing and could not be downloaded:\n"
        + "\n".join(failures)
        + f"\nTo restore it: `git checkout -- data/{file.name}`, or copy the file from another "
        f"computer into {folder.resolve().name}/."
    )
