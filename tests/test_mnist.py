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


# The format


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


# Damaged files


def corrupt(content, position):
    """Returns the content with one bit of one byte changed."""
    return content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :]


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


def test_load_names_the_one_damaged_file(tmp_path):
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
