"""MNIST: 70,000 handwritten digits of 28 x 28 grey pixels, read from the four files in data/.

LeCun, Cortes and Burges, "The MNIST database of handwritten digits" (1998). The files are in the
IDX format: a header of big-endian 32-bit integers (a magic number that names the element type and
the number of dimensions, then the size of each dimension), and then the bytes themselves.

data/ is for MNIST alone: every file there is checked against the SHA-256 of its content before use,
and a missing one is downloaded. Other data sets in the same format, such as Fashion-MNIST, are
loaded from folders of their own, which are only ever read.
"""

import difflib
import gzip
import hashlib
import logging
import math
import os
import re
import tempfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from shared import checks

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


# The names that data sets in this format give their files: MNIST, Fashion-MNIST and KMNIST
# train-images-idx3-ubyte or train-images.idx3-ubyte, EMNIST emnist-letters-test-images-idx3-ubyte.
NAME = re.compile(
    r"(?!\.)(?P<set>.*?)[-_.]?(?P<part>train|t10k|test)-(?P<kind>images|labels)[-.]idx\d-\w+(\.gz)?",
    re.IGNORECASE,
)
EXPECTED = (
    "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and "
    "t10k-labels-idx1-ubyte, with or without .gz"
)
STARTS = {  # of files that are often found in the place of an IDX file
    b"\x1f\x8b": "packed by gzip; unpack it first, for instance by gzip.decompress",
    b"PK": "a zip archive; unpack it into a folder",
    b"<": "a web page",
    b"{": "an answer of a server, not the file; get it again",
    b"version https://git": "a pointer of Git LFS, not the file itself; run `git lfs pull`",
}
LARGEST = 2**31  # bytes in a file; the largest data set in this format, EMNIST, has 0.6e9


class Split(NamedTuple):
    """Images, uint8 [n, 28, 28], 0 is background and 255 is ink; and their labels, int32 [n]."""

    images: np.ndarray
    labels: np.ndarray


class Mnist(NamedTuple):
    """55,000 images to learn from, 5,000 to make choices with, 10,000 for one look at the end."""

    train: Split
    validation: Split
    test: Split


class DataError(ValueError):
    """A data file is missing, damaged or not what it should be; the message says what to do."""


def load(folder=DATA):
    """Returns MNIST, or another data set in its format, as an Mnist of three Splits.

    The validation split is every twelfth image of each digit, in the order of the file. It is
    stratified, so that each digit is as frequent as in the whole, it takes from all of the file,
    whose writers change along the way, and it needs no random numbers that might change with a
    library's version. The order of the images within a split is that of the file. A class of
    fewer than twelve images may have none in the validation split, and one of a single image
    stays in the training split.

    folder: where the four files are. data/ holds the real MNIST, and files missing there are
    downloaded. Any other folder holds one data set in the same format, for instance Fashion-MNIST,
    KMNIST or EMNIST; its files may be packed by gzip (the packed one is taken if both are there).
    It is only read. Images and labels are as the files have them: EMNIST's images are transposed,
    the labels of its letters are 1 to 26, and its larger sets have up to 62 classes.
    Raises DataError if a file is missing (in data/: and cannot be downloaded) or is not in the
    format, if images and labels do not belong together, or if data/ has something other than MNIST.
    """
    folder = checks.path(folder, "folder")
    if _same(folder, DATA):
        arrays = [
            _read(DATA, file) for file in (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
        ]
    else:
        arrays = _other_data_set(folder)
    train_images, train_labels, test_images, test_labels = arrays
    train_labels, test_labels = train_labels.astype(np.int32), test_labels.astype(np.int32)
    held_out = np.zeros(len(train_labels), bool)
    held_out[np.argsort(train_labels, kind="stable")[::12]] = True
    held_out[np.bincount(train_labels)[train_labels] == 1] = False
    if not held_out.any():
        raise DataError(f"{len(held_out)} training images are too few to hold out every twelfth")
    return Mnist(
        train=Split(train_images[~held_out], train_labels[~held_out]),
        validation=Split(train_images[held_out], train_labels[held_out]),
        test=Split(test_images, test_labels),
    )


def _same(folder, other):
    """Returns whether two paths are one folder, also where capitals make no difference."""
    there = folder.exists() and other.exists()
    return folder.samefile(other) if there else folder.resolve() == other.resolve()


def scale(images):
    """Returns images as a float32 tensor in [0, 1]: uint8 is divided by 255, floats are kept.

    images: a tensor, an array or a list of arrays, of any shape; also within a tf.function.
    Raises ValueError for other types, since of whole numbers it is not known where white is, and
    for values out of their range, except within a tf.function, where they cannot be looked at.
    Raises TypeError for other objects.
    """
    if not tf.is_tensor(images):
        array = checks.array_of(images, "images", "an array or a tensor")
        if array.dtype.kind in "OSU":
            raise TypeError(f"images is {checks.kind(images)}: expected an array or a tensor")
        images = array
    dtype = tf.as_dtype(images.dtype)
    if not (dtype.is_floating or dtype.is_bool or dtype == tf.uint8):
        raise ValueError(
            f"images of type {dtype.name}: expected uint8 from 0 to 255, or floats from 0 to 1; "
            "whole numbers from 0 to 255 become uint8 by images.astype('uint8')"
        )
    if not dtype.is_bool and (isinstance(images, np.ndarray) or hasattr(images, "numpy")):
        checks.pixels(np.asarray(images))
    return tf.cast(images, tf.float32) / (255.0 if dtype == tf.uint8 else 1.0)


def parse_idx(content):
    """Returns the array that an uncompressed IDX file of unsigned bytes holds: uint8, read-only.

    content: the bytes of the file.
    Raises DataError if they are not such a file; sizes are checked before anything is made.
    Raises TypeError if content is not bytes.
    """
    if not isinstance(content, (bytes, bytearray, memoryview)):
        raise TypeError(
            f"content is {checks.kind(content)}: expected the bytes of a file, as "
            "Path(name).read_bytes() returns them"
        )
    content = bytes(content)
    shape = _shape(content)
    header = 4 + 4 * len(shape)
    if len(content) - header != math.prod(shape):
        raise DataError(f"says {shape} but holds {len(content) - header:,} bytes after its header")
    return np.frombuffer(content, np.uint8)[header:].reshape(shape)


def _shape(content):
    """Returns the shape that the header at the beginning of an IDX file of unsigned bytes says."""
    if not content:
        raise DataError("is empty: expected an IDX file; get it again from where it came from")
    text = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()  # without a byte order mark
    for start, kind in STARTS.items():
        if text.startswith(start):
            raise DataError(f"is {kind}")
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise DataError(f"starts with {content[:4].hex()!r}, an IDX file of bytes with '000008'")
    dimensions = content[3]
    header = 4 + 4 * dimensions
    if not 1 <= dimensions <= 4:
        raise DataError(f"says it has {dimensions} dimensions, expected 1 to 4")
    if len(content) < header:
        raise DataError(f"ends inside its header: {len(content)} of {header} bytes")
    shape = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, header, 4))
    if 0 in shape:
        raise DataError(f"says {shape}, which is empty")
    return shape


def _other_data_set(folder):
    """Returns the four arrays of the data set in a folder, which is only read."""
    paths = _four_files(folder)
    arrays = []
    for path, dimensions in zip(paths, (3, 1, 3, 1), strict=True):
        try:
            arrays.append(_content(path, dimensions))
        except PermissionError:
            raise DataError(
                f"{path} may not be read by this user: change its permissions"
            ) from None
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(
                f"{path} cannot be read to its end ({error}): it may be cut or damaged; get it "
                "again from where it came from"
            ) from None
        except DataError as error:
            raise DataError(f"{path} {error}") from None
    for images, labels, image_path, label_path in (arrays[:2] + paths[:2], arrays[2:] + paths[2:]):
        if len(images) != len(labels):
            raise DataError(
                f"{image_path.name} holds {len(images):,} images and {label_path.name} "
                f"{len(labels):,} labels, expected as many; are they of one data set?"
            )
    train_images, train_labels, test_images, test_labels = arrays
    sizes = train_images.shape[1:], test_images.shape[1:]
    if sizes[0] != sizes[1]:
        raise DataError(
            f"{paths[0].name} holds images of {sizes[0]} pixels and {paths[2].name} of {sizes[1]}, "
            "expected the same; are they of one data set?"
        )
    unknown = sorted(set(test_labels.tolist()) - set(train_labels.tolist()))
    if unknown:
        raise DataError(
            f"{paths[3].name} has the labels {unknown[:10]}, which {paths[1].name} has not: they "
            "could not be learned; are they of one data set?"
        )
    if np.array_equal(train_images, test_images):
        raise DataError(f"{paths[2].name} holds the same images as {paths[0].name}")
    return arrays


def _four_files(folder):
    """Returns the paths of the training images and labels, then the test images and labels."""
    if folder.is_file():
        packed = folder.suffix.lower() in (".zip", ".tar", ".tgz") or ".tar." in folder.name.lower()
        unpack = " Unpack it into a folder of its own." if packed else ""
        raise DataError(f"{folder} is a file, expected the folder of the four files.{unpack}")
    if not folder.is_dir():
        names = [path.name for path in folder.parent.glob("*/")]
        close = difflib.get_close_matches(folder.name, names, 3)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        where = "" if folder.is_absolute() else f" in {Path.cwd()}"
        raise DataError(f"there is no folder {folder}{where}{hint}")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise DataError(f"{folder} may not be read by this user: change its permissions")
    found = {}  # (training or test, images or labels) -> paths
    for path in sorted(folder.iterdir()):
        match = NAME.fullmatch(path.name)
        if match and path.is_file():
            role = (match["part"].lower() == "train", match["kind"].lower())
            found.setdefault(role, []).append(path)
    roles = [(True, "images"), (True, "labels"), (False, "images"), (False, "labels")]
    sets = {NAME.fullmatch(path.name)["set"].lower() for paths in found.values() for path in paths}
    stems = [
        {path.name.lower().removesuffix(".gz").replace(".idx", "-idx") for path in paths}
        for paths in found.values()
    ]
    for names in (sets, *stems):
        if len(names) > 1:
            raise DataError(
                f"{folder} has more than one data set: {' and '.join(map(repr, sorted(names)))}; "
                "move each into a folder of its own"
            )
    missing = [
        f"{'training' if t else 'test'} {kind}" for t, kind in roles if (t, kind) not in found
    ]
    if missing:
        near = sorted(p.name for p in folder.iterdir() if re.search("(?i)idx|ubyte", p.name))
        below = {
            p.parent for g in ("*/*", "*/raw/*") for p in folder.glob(g) if NAME.fullmatch(p.name)
        }
        hint = f". There are such files in {' and '.join(map(str, sorted(below)))}" if below else ""
        if near:
            hint += f". It has {', '.join(near[:8])}: rename them, or put folders' files here"
        raise DataError(
            f"{folder} has no file of {' and none of '.join(missing)}: expected {EXPECTED}{hint}"
        )
    # Where a file is there packed and unpacked, the packed one: gzip notices damage.
    return [max(found[role], key=lambda path: path.suffix.lower() == ".gz") for role in roles]


def _content(path, dimensions):
    """Returns the array in a file, packed or not, of so many dimensions; reads no more."""
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    size = path.stat().st_size
    with (gzip.open if packed else open)(path, "rb") as stream:
        start = stream.read(20)  # the longest header
        shape = _shape(start)
        if len(shape) != dimensions:
            raise DataError(
                f"holds an array of shape {shape}, expected "
                + ("images [n, height, width]" if dimensions == 3 else "labels [n]")
            )
        expected = 4 + 4 * dimensions + math.prod(shape)
        if expected > min(LARGEST, size * (1032 if packed else 1)):  # gzip packs no better
            raise DataError(f"says {shape}, more than the file's {size:,} bytes can hold")
        return parse_idx(start + stream.read(max(0, expected - len(start)) + 1))


def _read(folder, file):
    """Returns the content of a file in the folder as an array, downloading it if it is missing."""
    path = folder / file.name
    if not path.exists():
        _download(folder, file)
    try:
        return _verified(path, file)
    except DataError as error:
        raise DataError(
            f"{path.name} {error}.\n{folder.name}/ is for MNIST alone. If this is another set, "
            'move its files into a folder of their own and load that: mnist.load("that folder").\n'
            f"To restore MNIST's file once nothing of yours is there: `git checkout -- "
            f"data/{file.name}`, or move this file away and run this again to download MNIST's."
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
            f"is not MNIST's: the SHA-256 of its content is {sha256}, expected {file.sha256}"
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
