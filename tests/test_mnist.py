"""The data is the real MNIST, split as documented; anything else is refused in words that help."""

import contextlib
import errno
import gzip
import http.server
import math
import os
import shutil
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pooch
import pytest
import tensorflow as tf
from hypothesis import example, given
from hypothesis import strategies as st

from shared import mnist
from shared.mnist import DATA, TEST_IMAGES, TEST_LABELS, TRAIN_LABELS, DataError

COMPRESSED = (DATA / TEST_LABELS.name).read_bytes()
CONTENT = gzip.decompress(COMPRESSED)
LABELS = np.frombuffer(CONTENT[8:], np.uint8)


# The splits


def test_each_split_has_its_documented_shape_and_type(data):
    for split, n in zip(data, (55_000, 5_000, 10_000), strict=True):
        assert (split.images.shape, split.images.dtype) == ((n, 28, 28), np.uint8)
        assert (split.labels.shape, split.labels.dtype) == ((n,), np.int32)
        assert (split.images.min(), split.images.max()) == (0, 255)
        assert set(split.labels) == set(range(10))


def test_training_and_validation_together_are_the_file(data):
    images = mnist._read(DATA, mnist.TRAIN_IMAGES)
    labels = mnist._read(DATA, TRAIN_LABELS)
    held_out = np.zeros(60_000, bool)
    held_out[np.argsort(labels, kind="stable")[::12]] = True
    for split, chosen in ((data.train, ~held_out), (data.validation, held_out)):
        np.testing.assert_array_equal(split.images, images[chosen])
        np.testing.assert_array_equal(split.labels, labels[chosen])


def test_training_and_validation_have_no_image_in_common(data):
    train = {image.tobytes() for image in data.train.images}
    assert not any(image.tobytes() in train for image in data.validation.images)


def test_validation_has_a_twelfth_of_each_digit(data):
    held_out = np.bincount(data.validation.labels)
    whole = held_out + np.bincount(data.train.labels)
    assert np.all(np.abs(held_out - whole / 12) < 1)


def test_a_second_load_gives_the_same(data):
    for split, again in zip(data, mnist.load(), strict=True):
        np.testing.assert_array_equal(split.images, again.images)
        np.testing.assert_array_equal(split.labels, again.labels)


def test_scale_takes_bytes_to_0_and_1():
    scaled = mnist.scale(np.arange(256, dtype=np.uint8)).numpy()
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, np.arange(256, dtype=np.float32) / np.float32(255))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scale_leaves_the_values_of_floats(dtype):
    images = np.array([0.0, 0.25, 1.0], dtype)
    scaled = mnist.scale(images).numpy()
    assert scaled.dtype == np.float32
    np.testing.assert_array_equal(scaled, images)


def test_scale_costs_nothing_within_a_graph():
    for dtype, expected in ((tf.uint8, 1 / 255), (tf.float32, 1), (tf.float16, 1)):
        function = tf.function(mnist.scale, input_signature=[tf.TensorSpec([None, None], dtype)])
        np.testing.assert_allclose(function(tf.ones([2, 3], dtype)), expected, rtol=1e-6)
        assert len(function.get_concrete_function().graph.get_operations()) <= 6


def test_scale_takes_a_list_of_arrays():
    np.testing.assert_allclose(mnist.scale([np.full(3, 255, np.uint8)] * 2), np.ones((2, 3)))


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint16, np.int8, np.complex64])
def test_scale_refuses_numbers_of_which_it_is_not_known_where_white_is(dtype):
    with pytest.raises(ValueError, match="expected uint8 from 0 to 255, or floats from 0 to 1"):
        mnist.scale(np.ones(3, dtype))


@pytest.mark.parametrize("container", [np.asarray, tf.constant], ids=["array", "tensor"])
@pytest.mark.parametrize(
    "images, words",
    [
        (np.arange(256.0), "from 0 to 255.*divide by 255"),
        (np.array([-1.0, 1.0]), "from -1 to 1.*scale them to 0 to 1"),
        (np.array([np.nan]), "not a finite number"),
        (np.array([0, 1], np.uint8), "from 0 to 1: expected 0 to 255"),
        (np.arange(256.0) / 255**2, "divided by 255 twice"),
    ],
)
def test_scale_refuses_values_out_of_range_in_the_words_of_fit(images, words, container):
    with pytest.raises(ValueError, match=words):
        mnist.scale(container(images))


@pytest.mark.parametrize("wrong", [None, "data", {}, ["a"]])
def test_scale_refuses_what_is_no_array(wrong):
    with pytest.raises(TypeError, match="expected an array"):
        mnist.scale(wrong)


# The format


def corrupt(content, position):
    """Returns the content with one bit of one byte changed."""
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


def idx(*shape, content=b"", kind=8):
    """Returns an IDX file with this header."""
    sizes = b"".join(size.to_bytes(4, "big") for size in shape)
    return bytes([0, 0, kind, len(shape)]) + sizes + content


shapes = st.lists(st.integers(1, 6), min_size=1, max_size=4)
headers = st.builds(
    lambda shape, content, kind: idx(*shape, content=content, kind=kind),
    st.lists(st.integers(0, 4) | st.integers(0, 2**32 - 1), max_size=5),
    st.binary(max_size=64),
    st.just(8) | st.integers(0, 255),
)


@given(shapes, st.randoms(use_true_random=False))
def test_parse_idx_returns_what_was_written(shape, random):
    array = np.frombuffer(random.randbytes(math.prod(shape)), np.uint8).reshape(shape)
    parsed = mnist.parse_idx(idx(*shape, content=array.tobytes()))
    assert parsed.dtype == np.uint8
    np.testing.assert_array_equal(parsed, array)


@given(st.binary(max_size=64) | headers)
@example(idx(0, 2**32 - 1, 2**32 - 1, 2**32 - 1))
@example(idx(2**16, 2**16, 2**16, 2**16))
@example(b"")
def test_parse_idx_returns_an_array_or_says_why_not(content):
    try:
        array = mnist.parse_idx(content)
    except DataError as error:
        assert str(error)
    else:
        header = 4 + 4 * array.ndim
        expected = np.frombuffer(content[4:header], ">u4")
        assert array.shape == tuple(expected)
        assert array.tobytes() == content[header:]


@pytest.mark.parametrize("wrong", [None, 3, "train-images-idx3-ubyte", [0, 0, 8, 1], LABELS])
def test_parse_idx_says_that_it_takes_bytes(wrong):
    with pytest.raises(TypeError, match="expected the bytes of a file"):
        mnist.parse_idx(wrong)


def test_parse_idx_takes_any_kind_of_bytes_and_returns_what_cannot_be_changed():
    for kind in (bytes, bytearray, memoryview):
        parsed = mnist.parse_idx(kind(CONTENT))
        np.testing.assert_array_equal(parsed, LABELS)
        assert not parsed.flags.writeable


def test_parse_idx_says_what_stands_in_the_place_of_an_idx_file():
    for content, words in (
        (COMPRESSED, "gzip"),
        (b"<!DOCTYPE html>", "web page"),
        (b"PK\3\4....", "zip archive"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
    ):
        with pytest.raises(DataError, match=words):
            mnist.parse_idx(content)


# Other data sets in the same format


def write(folder, name, array, packed=True):
    """Writes an array as an IDX file into the folder."""
    content = idx(*array.shape, content=array.tobytes())
    path = folder / (name + ".gz" * packed)
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    return path


NAMES = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")


def write_set(folder, n=240, name="{}-ubyte", packed=True, classes=10, side=28, first=0):
    """Writes a data set of random images; returns its four arrays."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    arrays = []
    for size in (n, n // 4):
        arrays.append(rng.integers(0, 256, (size, side, side), np.uint8))
        arrays.append((np.arange(size) % classes + first).astype(np.uint8))
    for file, array in zip(NAMES, arrays, strict=True):
        write(folder, name.format(file), array, packed)
    return arrays


def assert_loads(folder, arrays):
    train_images, train_labels, test_images, test_labels = arrays
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    data = mnist.load(folder)
    held_out = np.zeros(len(train_labels), bool)
    held_out[np.argsort(train_labels, kind="stable")[::12]] = True
    for split, images, labels in (
        (data.train, train_images[~held_out], train_labels[~held_out]),
        (data.validation, train_images[held_out], train_labels[held_out]),
        (data.test, test_images, test_labels),
    ):
        np.testing.assert_array_equal(split.images, images)
        np.testing.assert_array_equal(split.labels, labels)
        assert (split.images.dtype, split.labels.dtype) == (np.uint8, np.int32)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "unpacked"])
@pytest.mark.parametrize("style", ["MNIST", "with dots", "EMNIST", "capitals"])
def test_a_data_set_in_the_format_loads_from_its_own_folder(style, packed, tmp_path):
    arrays = write_set(tmp_path, packed=packed)
    for path in list(tmp_path.iterdir()):
        name = {
            "MNIST": path.name,
            "with dots": path.name.replace("-idx", ".idx"),
            "EMNIST": "emnist-digits-" + path.name.replace("t10k", "test"),
            "capitals": path.name.upper(),
        }[style]
        path.rename(tmp_path / name)
    (tmp_path / "README.md").write_text("Not a data file.", encoding="utf-8")
    (tmp_path / "._train-images-idx3-ubyte").write_bytes(b"as macOS leaves them on other disks")
    (tmp_path / "train-images-idx3-ubyte.d").mkdir()
    assert_loads(tmp_path, arrays)


@pytest.mark.parametrize(
    "form", [{"classes": 26, "first": 1}, {"classes": 47}, {"side": 32}, {"n": 60_000, "side": 4}]
)
def test_other_labels_and_sizes_load_as_the_files_have_them(form, tmp_path):
    assert_loads(tmp_path, write_set(tmp_path, **form))


def test_the_folder_may_be_a_string_and_packed_files_may_have_lost_or_kept_their_ending(tmp_path):
    arrays = write_set(tmp_path)
    packed = tmp_path / "train-images-idx3-ubyte.gz"
    packed.rename(tmp_path / "train-images-idx3-ubyte")
    unpacked = tmp_path / "t10k-images-idx3-ubyte.gz"
    unpacked.write_bytes(gzip.decompress(unpacked.read_bytes()))
    np.testing.assert_array_equal(mnist.load(str(tmp_path)).test.images, arrays[2])


def test_of_a_packed_and_an_unpacked_file_the_packed_one_is_taken(tmp_path):
    arrays = write_set(tmp_path)
    for name in ("train-images-idx3-ubyte", "train-images.idx3-ubyte"):
        write(tmp_path, name, arrays[0][:7], packed=False)
    assert_loads(tmp_path, arrays)


def test_mnist_in_another_folder_is_mnist(data, tmp_path):
    for path in DATA.glob("*.gz"):
        shutil.copy(path, tmp_path)
    for split, copy in zip(data, mnist.load(tmp_path), strict=True):
        np.testing.assert_array_equal(split.images, copy.images)


def test_the_paths_of_data_are_all_held_to_mnist(tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr(mnist, "_read", lambda folder, file: read.append(file) or 1 / 0)
    paths = [DATA, str(DATA), DATA / ".." / "data"]
    if os.name != "nt":  # where links need a right of their own
        (tmp_path / "link").symlink_to(DATA)
        paths.append(tmp_path / "link")
    for path in paths:
        with pytest.raises(ZeroDivisionError):
            mnist.load(path)
    assert len(read) == len(paths)


def test_a_class_of_one_image_is_learned_and_too_few_images_are_refused(tmp_path):
    write_set(tmp_path, n=40)
    write(tmp_path, "train-labels-idx1-ubyte", np.array([0] * 39 + [9], np.uint8))
    write(tmp_path, "t10k-labels-idx1-ubyte", np.full(10, 9, np.uint8))
    data = mnist.load(tmp_path)
    assert set(data.train.labels) == {0, 9} and set(data.validation.labels) == {0}
    write(tmp_path, "train-images-idx3-ubyte", np.ones((1, 28, 28), np.uint8))
    write(tmp_path, "train-labels-idx1-ubyte", np.full(1, 9, np.uint8))
    with pytest.raises(DataError, match="1 training image"):
        mnist.load(tmp_path)


def replace(name, make):
    """Returns a change to a folder: this file's array becomes what `make` returns."""

    def change(folder):
        path = folder / (name + "-ubyte.gz")
        array = mnist.parse_idx(gzip.decompress(path.read_bytes()))
        path.unlink()
        write(folder, name + "-ubyte", make(array))

    return change


def content(name, make):
    """Returns a change to a folder: this file's bytes become what `make` returns."""

    def change(folder):
        path = folder / (name + "-ubyte.gz")
        path.write_bytes(make(path.read_bytes()))

    return change


def move(folder, *names):
    """Moves files into a subfolder."""
    (folder / "raw").mkdir()
    for path in folder.glob("*.gz"):
        path.rename(folder / "raw" / path.name)


def rename(name):
    return lambda folder: (folder / f"{IMAGES}-ubyte.gz").rename(folder / name)


IMAGES, TRAIN, TEST = "train-images-idx3", "train-labels-idx1", "t10k-labels-idx1"
UNFIT = {
    "a label less": (replace(TRAIN, lambda a: a[1:]), "240 images.* 239 labels"),
    "images of another size": (replace(IMAGES, lambda a: a[:, 1:]), r"\(27, 28\).*\(28, 28\)"),
    "flat images": (replace(IMAGES, lambda a: a.reshape(240, -1)), "expected images .n, height"),
    "colour": (replace(IMAGES, lambda a: a[..., None]), "expected images .n, height"),
    "images as labels": (
        replace(TRAIN, lambda a: np.ones((240, 2, 2), np.uint8)),
        "expected labels",
    ),
    "one-hot labels": (replace(TRAIN, lambda a: np.eye(10, dtype="u1")[a]), "expected labels"),
    "labels of another set": (replace(TEST, lambda a: a + 20), r"labels \[20, 21.*which train-l"),
    "no training images": (lambda f: (f / f"{IMAGES}-ubyte.gz").unlink(), "no file of training im"),
    "all in a subfolder": (move, "There are such files in .*raw"),
    "nothing": (lambda f: [path.unlink() for path in f.iterdir()], "expected train-images-idx3"),
    "two sets": (
        lambda f: write(f, "emnist-letters-train-images-idx3-ubyte", np.ones((2, 2, 2), np.uint8)),
        "more than one data set: '' and 'emnist-letters'",
    ),
    "two test sets": (
        lambda f: write(f, "test-images-idx3-ubyte", np.ones((2, 2, 2), np.uint8)),
        "more than one data set: 't10k-images-idx3-ubyte' and 'test-images",
    ),
    "cut": (content(IMAGES, lambda b: b[: len(b) // 2]), "cannot be read to its end"),
    "empty": (content(IMAGES, lambda b: b""), "is empty: expected an IDX file"),
    "a web page": (content(IMAGES, lambda b: b"<html>404"), "is a web page"),
    "a web page, indented": (
        content(IMAGES, lambda b: b"\xef\xbb\xbf\r\n <html>"),
        "is a web page",
    ),
    "a packed web page": (content(IMAGES, lambda b: gzip.compress(b"<html>" * 9)), "is a web page"),
    "an answer": (content(IMAGES, lambda b: b'{"message": "Not found"}'), "answer of a server"),
    "a pointer": (
        content(IMAGES, lambda b: b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a"),
        "a pointer of Git LFS",
    ),
    "a second download": (
        rename("train-images-idx3-ubyte (1).gz"),
        "train-images-idx3-ubyte .1..gz",
    ),
    "underscores": (rename("train_images_idx3_ubyte.gz"), "It has.*train_images_idx3.*rename"),
    "a zip": (content(IMAGES, lambda b: b"PK\3\4..."), "is a zip archive"),
    "packed twice": (content(IMAGES, gzip.compress), "is packed by gzip"),
    "one byte changed": (content(IMAGES, lambda b: corrupt(b, len(b) // 2)), "cannot be read|says"),
    "too short": (content(IMAGES, lambda b: gzip.compress(gzip.decompress(b)[:-1])), "says .240"),
    "too long": (content(IMAGES, lambda b: gzip.compress(gzip.decompress(b) + b"1")), "says .240"),
    "integers of 4 bytes": (
        content(TRAIN, lambda b: gzip.compress(idx(240, kind=12))),
        "IDX file of",
    ),
    "a header only": (content(IMAGES, lambda b: gzip.compress(idx(60_000, 28, 28))), "can hold"),
    "sizes for all memory": (
        content(IMAGES, lambda b: gzip.compress(idx(*[2**31] * 3))),
        "can hold",
    ),
}


@pytest.mark.parametrize("fault", UNFIT)
def test_what_does_not_fit_is_refused_with_what_was_found_and_nothing_is_changed(
    fault, tmp_path, monkeypatch
):
    change, words = UNFIT[fault]
    write_set(tmp_path)
    change(tmp_path)
    monkeypatch.setattr(pooch, "retrieve", lambda *_: pytest.fail("downloaded"))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(DataError, match=words) as error:
        mnist.load(tmp_path)
    assert str(tmp_path) in str(error.value) or "of one data set?" in str(error.value)
    for word in ("delete", "git checkout", "download"):
        assert word not in str(error.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_test_images_that_are_the_training_images_are_refused(tmp_path):
    images, labels, *_ = write_set(tmp_path)
    write(tmp_path, "t10k-images-idx3-ubyte", images)
    write(tmp_path, "t10k-labels-idx1-ubyte", labels)
    with pytest.raises(DataError, match="the same images"):
        mnist.load(tmp_path)


def test_no_more_of_a_bomb_is_unpacked_than_its_header_says(tmp_path):
    write_set(tmp_path)
    with gzip.open(tmp_path / "train-images-idx3-ubyte.gz", "wb", compresslevel=1) as bomb:
        bomb.write(idx(240, 28, 28))
        for _ in range(200):
            bomb.write(bytes(1_000_000))
    with pytest.raises(DataError, match=f"holds {240 * 28 * 28 + 1:,} bytes"):
        mnist.load(tmp_path)


def test_a_folder_that_is_not_there_is_named_with_one_like_it_and_is_not_made(tmp_path):
    write_set(tmp_path / "stripes")
    with pytest.raises(DataError, match="no folder .*strips; did you mean stripes"):
        mnist.load(tmp_path / "strips")
    assert [path.name for path in tmp_path.iterdir()] == ["stripes"]


def test_a_folder_that_is_not_there_is_said_with_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=f"no folder fashion-mnist in {tmp_path}"):
        mnist.load("fashion-mnist")


@pytest.mark.parametrize(
    "wrong, words",
    [
        ("https://example.com/fashion", "address 'https://example.com/fashion'.*download it first"),
        ("file:///tmp/fashion", "address"),
        ("", "folder is '': expected the path"),
        ("a\0b", "expected the path of a folder"),
        ("~nobody-of-this-name/fashion", "no path of this system.*home"),
        ("x" * 5000, "no path of this system"),
    ],
)
def test_a_text_that_is_no_path_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        mnist.load(wrong)


def test_without_a_home_a_path_is_still_a_path(tmp_path, monkeypatch):
    write_set(tmp_path)
    monkeypatch.delenv("HOME", raising=False)
    assert len(mnist.load(tmp_path).test.labels)


def test_a_file_that_may_not_be_read_is_not_called_damaged(tmp_path, monkeypatch):
    write_set(tmp_path)

    def refused(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(mnist, "_content", refused)
    with pytest.raises(DataError, match="may not be read by this user") as error:
        mnist.load(tmp_path)
    assert "damaged" not in str(error.value)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path):
    archive = tmp_path / "gzip.zip"
    archive.write_bytes(b"PK")
    with pytest.raises(DataError, match="is a file, expected the folder.* Unpack it"):
        mnist.load(archive)


@pytest.mark.parametrize("wrong", [None, 3, b"data", ["data"], np.zeros(3)], ids=repr)
def test_a_folder_that_is_no_path_is_refused(wrong):
    with pytest.raises(TypeError, match="expected the path of a folder"):
        mnist.load(wrong)


def test_another_data_set_in_data_is_left_alone_and_the_way_to_load_it_is_said(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(mnist, "DATA", tmp_path)
    monkeypatch.setattr(pooch, "retrieve", lambda *_: pytest.fail("downloaded"))
    write_set(tmp_path, n=60_000)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(DataError, match="is for MNIST alone") as error:
        mnist.load(tmp_path)
    assert "move its files into a folder of their own" in str(error.value)
    assert "delete" not in str(error.value) and "damaged" not in str(error.value)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


# Damaged files


FAULTS = {
    "empty": b"",
    "not gzip": b"<html>404 Not Found</html>",
    "truncated": COMPRESSED[:2000],
    "one byte of the file changed": corrupt(COMPRESSED, 2000),
    "one byte of the content changed": gzip.compress(corrupt(CONTENT, 5000)),
    "content cut": gzip.compress(CONTENT[:-1]),
    "content ends inside the header": gzip.compress(CONTENT[:6]),
    "garbage after the content": gzip.compress(CONTENT + b"garbage"),
    "garbage after the stream": COMPRESSED + b"garbage",
    "a second stream": COMPRESSED + COMPRESSED,
    "wrong magic number": gzip.compress(idx(10_000, content=CONTENT[8:], kind=9)),
    "other dimensions": gzip.compress(idx(100, 100, content=CONTENT[8:])),
    "huge dimensions": gzip.compress(idx(2**31, 2**31, 2**31, content=CONTENT[16:])),
    "the labels of the other set": (DATA / TRAIN_LABELS.name).read_bytes(),
    "images": (DATA / TEST_IMAGES.name).read_bytes(),
}


def assert_refused(folder, file):
    with pytest.raises(DataError) as error:
        mnist._read(folder, file)
    assert file.name in str(error.value)
    assert f"git checkout -- data/{file.name}" in str(error.value)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_file_is_refused_with_its_name_and_the_way_to_restore_it(fault, tmp_path):
    (tmp_path / TEST_LABELS.name).write_bytes(FAULTS[fault])
    assert_refused(tmp_path, TEST_LABELS)


def test_labels_in_the_place_of_images_are_refused(tmp_path):
    (tmp_path / TEST_IMAGES.name).write_bytes(COMPRESSED)
    assert_refused(tmp_path, TEST_IMAGES)


def test_a_decompression_bomb_is_refused(tmp_path):
    with gzip.open(tmp_path / TEST_LABELS.name, "wb", compresslevel=1) as bomb:
        bomb.write(idx(10_000))
        for _ in range(200):
            bomb.write(bytes(1_000_000))
    assert_refused(tmp_path, TEST_LABELS)


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path):
    (tmp_path / TEST_LABELS.name).mkdir()
    assert_refused(tmp_path, TEST_LABELS)


@given(st.integers(0, len(COMPRESSED) - 1), st.integers(1, 255), st.booleans())
def test_no_damage_goes_unnoticed(tmp_path_factory, position, change, cut):
    damaged = bytearray(COMPRESSED)
    damaged[position] ^= change
    path = tmp_path_factory.mktemp("damaged") / TEST_LABELS.name
    path.write_bytes(damaged[:position] if cut else damaged)
    with contextlib.suppress(DataError):
        # Some bytes of gzip's header, such as its date, do not matter to the content.
        np.testing.assert_array_equal(mnist._verified(path, TEST_LABELS), LABELS)


def test_load_names_the_one_damaged_file(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "DATA", tmp_path)
    for path in DATA.glob("*.gz"):
        shutil.copy(path, tmp_path)
    (tmp_path / TRAIN_LABELS.name).write_bytes(b"")
    with pytest.raises(DataError, match=TRAIN_LABELS.name):
        mnist.load(tmp_path)


# Missing files


class Mirror(http.server.BaseHTTPRequestHandler):
    """Answers /good/, /wrong/, /cut/ as they say and all else with 404."""

    def do_GET(self):
        name = self.path.split("/")[1]
        if name not in ("good", "wrong", "cut"):
            self.send_error(404)
            return
        body = gzip.compress(b"wrong") if name == "wrong" else COMPRESSED
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:1000] if name == "cut" else body)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def mirrors(server, monkeypatch):
    """Returns a function that makes these the mirrors, by the names that Mirror knows."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and does not listen
        refusing = f"http://127.0.0.1:{unused.getsockname()[1]}/"

        def use(*names):
            urls = [refusing if name == "refusing" else f"{server}/{name}/" for name in names]
            monkeypatch.setattr(mnist, "MIRRORS", urls)
            return urls

        yield use


@pytest.mark.parametrize(
    "names",
    [("good",), *((bad, "good") for bad in ("absent", "refusing", "wrong", "cut"))],
    ids=" then ".join,
)
def test_a_missing_file_comes_from_the_first_mirror_that_has_it(names, mirrors, tmp_path):
    mirrors(*names)
    folder = tmp_path / "data"
    np.testing.assert_array_equal(mnist._read(folder, TEST_LABELS), LABELS)
    assert [path.name for path in folder.iterdir()] == [TEST_LABELS.name]
    assert (folder / TEST_LABELS.name).read_bytes() == COMPRESSED


def test_without_a_working_mirror_the_error_names_each_and_the_way_out(mirrors, tmp_path):
    urls = mirrors("absent", "refusing", "wrong", "cut")
    with pytest.raises(DataError) as error:
        mnist._read(tmp_path, TEST_LABELS)
    for part in (TEST_LABELS.name, "git checkout", "copy the file", *urls):
        assert part in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_download_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupt(url, known_hash, fname, path):
        (tmp_path / path / fname).write_bytes(COMPRESSED[:1000])
        raise KeyboardInterrupt

    monkeypatch.setattr(pooch, "retrieve", interrupt)
    with pytest.raises(KeyboardInterrupt):
        mnist._read(tmp_path, TEST_LABELS)
    assert list(tmp_path.iterdir()) == []


def test_two_notebooks_may_download_at_the_same_time(mirrors, tmp_path, monkeypatch):
    mirrors("good")
    retrieve, both = pooch.retrieve, threading.Barrier(2, timeout=30)

    def retrieve_together(*arguments):
        both.wait()
        path = retrieve(*arguments)
        both.wait()
        return path

    monkeypatch.setattr(pooch, "retrieve", retrieve_together)
    with ThreadPoolExecutor(2) as notebooks:
        for labels in notebooks.map(mnist._read, [tmp_path] * 2, [TEST_LABELS] * 2):
            np.testing.assert_array_equal(labels, LABELS)
    assert [path.name for path in tmp_path.iterdir()] == [TEST_LABELS.name]
    assert (tmp_path / TEST_LABELS.name).read_bytes() == COMPRESSED


def test_a_folder_that_cannot_be_written_to_is_named_as_the_reason(mirrors, tmp_path, monkeypatch):
    mirrors("good")

    def refuse(*_):
        raise PermissionError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(DataError, match="Read-only file system") as error:
        mnist._read(tmp_path, TEST_LABELS)
    assert "copy the file" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_there_are_only_read(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("something was written or downloaded")

    for module, name in ((os, "replace"), (os, "mkdir"), (pooch, "retrieve")):
        monkeypatch.setattr(module, name, refuse)
    np.testing.assert_array_equal(mnist._read(DATA, TEST_LABELS), LABELS)


def test_the_mirrors_are_reached_over_https():
    assert len(mnist.MIRRORS) > 1
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in mnist.MIRRORS)
