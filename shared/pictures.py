"""From a photo, a scan, a screenshot or a drawing of one digit to an image as MNIST has them.

MNIST's images were made so (LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to
document recognition", 1998, section III.A): the digit was scaled, with its aspect kept, into a box
of 20 x 20 pixels, which makes edges grey, and the box was placed in 28 x 28 pixels so that the
centre of mass of the ink is in the middle. Ink is 255 and paper is 0. A network that has seen only
such images needs its own pictures in the same form.

Before that, a picture needs its ink told from its paper. Light falls on a page unevenly, so that
each pixel is compared with the paper around it: the paper is estimated by a morphological closing,
which fills dark strokes (Serra, "Image Analysis and Mathematical Morphology", 1982), and the
threshold between faint marks and ink is Otsu's ("A threshold selection method from gray-level
histograms", 1979).
"""

import io
import itertools
import os
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage
from scipy.spatial import KDTree

SIDE, BOX = 28, 20
LARGEST = 1200  # pixels on the longer side that are looked at; larger pictures are made smaller
THINNEST, THICKENED = 1.6, 2.4  # width of a stroke in the box: what is thickened, and to what
TOUCHING = np.ones((3, 3), bool)  # pixels are neighbours across corners too


class PictureError(ValueError):
    """No digit can be read from the picture; the message says what was found and what to do."""


def to_mnist(source):
    """Returns the digit in a picture as an image of MNIST's form: uint8 [28, 28], 255 is ink.

    source: a path, the bytes of a file, a Pillow image, or an array [height, width] or
    [height, width, channels] of any size, dark ink on light paper or light on dark, 1 to 4 channels
    (grey, grey and alpha, RGB, RGBA), of integers or floats.
    Raises PictureError if that is no picture, or one of no digit or of several.
    """
    return steps(source)["centred"]


def steps(source):
    """Returns what `to_mnist` does to a picture, one step after the other: {name: uint8 array}.

    grey: one number per pixel, in the channel where the ink stands out most.
    ink: how much darker than the paper around it each pixel is (lighter, if the paper is dark).
    box: the digit alone, cut out.
    thickened: a thin line made wider, since scaling would make it too faint; not always there.
    scaled: the digit in a box of 20 x 20, the longer side filling it.
    centred: [28, 28], the centre of mass in the middle.
    """
    grey = _grey(_picture(source))
    ink = _ink(grey)
    digit = _digit(ink)
    box = (np.where(ndimage.binary_dilation(digit, TOUCHING), ink, 0))[_bounds(digit, ink)]
    done = {"grey": grey, "ink": 255 * ink, "box": 255 * box}
    wider = _thickened(box)
    if wider is not box:
        done["thickened"] = 255 * wider
    done["scaled"] = scaled = 255 * _scaled(wider)
    done["centred"] = _centred(scaled)
    return {name: np.rint(np.clip(a, 0, 255)).astype(np.uint8) for name, a in done.items()}


# Reading


def _picture(source):
    """Returns the source as a Pillow image in mode L, RGB or RGBA, of at most LARGEST pixels."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = source if isinstance(source, Image.Image) else _opened(source)
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith(("I", "F")):
                image = _from_array(np.asarray(image))
    except PictureError:
        raise
    except Exception as error:  # Pillow's readers raise whatever a damaged file leads them to
        raise PictureError(
            f"the picture cannot be read, the file may be damaged: {error}"
        ) from None
    if min(image.size) < 5:
        width, height = image.size
        raise PictureError(f"the picture has {width} x {height} pixels, too few for a digit")
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode != "RGB":
        image = image.convert("L" if image.mode in ("1", "L") else "RGB")
    scale = LARGEST / max(image.size)
    if scale < 1:
        size = [max(1, round(scale * side)) for side in image.size]
        image = image.resize(size, Image.Resampling.BOX)
    return image


def _opened(source):
    """Returns the Pillow image that a path, the bytes of a file, an open file or an array holds."""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source).expanduser()
        if path.is_dir():
            raise PictureError(f"{path} is a folder, expected the path of one picture")
        if not path.is_file():
            raise PictureError(
                f"there is no file {path}; its folder would be {path.parent.resolve()}"
            )
        name, file = path.name, io.BytesIO(path.read_bytes())
    elif isinstance(source, (bytes, bytearray, memoryview)):
        name, file = f"{len(source):,} bytes", io.BytesIO(source)
    elif hasattr(source, "read"):
        name, file = "the open file", source
    elif hasattr(source, "__array__"):
        return _from_array(np.asarray(source))
    else:
        raise PictureError(
            f"a {type(source).__name__} is no picture: pass a path, a Pillow image or one array "
            "[height, width]; a list of numbers becomes one by np.array(...)"
        )
    try:
        image = Image.open(file)
        image.load()
    except Image.UnidentifiedImageError:
        raise PictureError(
            f"{name} is no picture that Pillow can read; save it as PNG or JPEG "
            "(phones: HEIC and HEIF need this, as do PDF and SVG)"
        ) from None
    return image


def _from_array(array):
    """Returns an array of numbers as a Pillow image in mode L, LA, RGB or RGBA."""
    if array.dtype.kind not in "biuf":
        raise PictureError(f"an array of {array.dtype} is no picture, expected numbers")
    shape = array.shape
    if array.ndim > 2 and shape[0] == 1:
        array = array[0]  # a batch of one
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim != 2 and not (array.ndim == 3 and array.shape[2] in (2, 3, 4)) or 0 in shape:
        raise PictureError(
            f"an array of shape {list(shape)} is not one picture, expected [height, width] or "
            "[height, width, channels]; pass pictures one at a time, and a flat one as "
            "array.reshape(height, width)"
        )
    array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise PictureError(f"{np.sum(~np.isfinite(array)):,} values are NaN or infinite")
    low, high = float(array.min()), float(array.max())
    if low < 0 and -1 <= low and high <= 1:
        array = (array + 1) * 127.5
    elif low < 0 or high > 65535:
        raise PictureError(
            f"values from {low:g} to {high:g}, expected 0 to 1, -1 to 1, 0 to 255 or 0 to 65535"
        )
    else:
        array = array * (255 / next(top for top in (1, 255, 4095, 65535) if high <= top))
    return Image.fromarray(np.rint(array).astype(np.uint8))


def _grey(image):
    """Returns the picture as float32 [height, width], 0 to 255, in the channel of most contrast."""
    pixels = np.asarray(image, np.float32)
    if image.mode == "RGBA":
        pixels, alpha = pixels[..., :3], pixels[..., 3]
        seen = pixels[alpha > 127]
        if not len(seen):
            raise PictureError("every pixel is transparent: the picture is empty")
        low, high = np.percentile(seen @ (0.299, 0.587, 0.114), (1, 99))
        if high - low < 64 and alpha.min() < 128:  # one colour: the alpha channel is the drawing
            return 255 - alpha
        alpha = alpha[..., None] / 255
        pixels = alpha * pixels + (1 - alpha) * np.median(seen, axis=0)
    if pixels.ndim == 2:
        return pixels
    grey = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    channels = [grey, *np.moveaxis(pixels, -1, 0)]
    small = [_shrunk(channel, 64) for channel in channels]
    contrast = [np.std(channel - ndimage.gaussian_filter(channel, 8)) for channel in small]
    best = int(np.argmax(contrast))  # yellow on white and red on green are hardly seen in grey
    return channels[best] if contrast[best] > 1.5 * contrast[0] else grey


# Telling ink from paper


def _ink(grey):
    """Returns how much ink each pixel has: float32 [height, width], 0 for paper, 1 for ink."""
    height, width = grey.shape
    noise = np.median(np.abs(grey - ndimage.median_filter(grey, 3))) * 1.5
    if noise > 5 and min(grey.shape) > 80:
        grey = ndimage.gaussian_filter(grey, 1.2)
    if _paper_is_dark(grey):
        grey = 255 - grey
    small = _shrunk(grey, 64)
    blur = max(small.shape) / 16
    paper = ndimage.grey_closing(small, (small.shape[0] // 2 | 1, small.shape[1] // 2 | 1))
    paper = _resized(ndimage.gaussian_filter(paper, blur), grey.shape)
    ink = 1 - grey / np.maximum(paper, 1)
    marked = ndimage.binary_dilation(ink > max(0.1, ink.max() / 4), TOUCHING, 2)
    if 0 < marked.mean() < 0.7:  # again, now from what is surely paper
        weight = _shrunk((~marked).astype(np.float32), 64)
        seen = _shrunk(np.where(marked, 0, grey), 64)
        weight, seen = (ndimage.gaussian_filter(a, blur) for a in (weight, seen))
        paper = _resized((seen + 1e-3 * paper.mean()) / (weight + 1e-3), grey.shape)
        ink = 1 - grey / np.maximum(paper, 1)
    rest = ink[~marked] if not marked.all() else ink
    noise = 1.5 * np.median(np.abs(rest - np.median(rest)))
    faint = max(0.1, 5 * noise)
    marks = _without_specks(ink > faint)
    if not marks.any():
        raise PictureError(
            f"no ink was found on {width} x {height} pixels: the page is empty, or the pen too "
            "faint; take the picture closer, with more light"
        )
    values = ink[marks]
    level = np.median(values[values >= min(_otsu(values), values.max())])
    ink = np.clip(ink / level, 0, 1)
    return np.where(ink * level < max(0.03, 4 * noise), 0, ink).astype(np.float32)


def _paper_is_dark(grey):
    """Returns whether most of the picture, and its edge, is darker than the ink."""
    small = _shrunk(grey, 48)
    size = (small.shape[0] // 2 | 1, small.shape[1] // 2 | 1)
    paper = ndimage.gaussian_filter(ndimage.median_filter(small, size, mode="nearest"), 1)
    low, high = np.percentile(grey - _resized(paper, grey.shape), (0.1, 99.9))
    if max(-low, high) > 2 * min(-low, high):
        return high > -low
    edge = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    return np.median(edge) < _otsu(small.ravel())


def _otsu(values):
    """Returns the threshold that splits the values into the two classes farthest apart."""
    counts, edges = np.histogram(values, 64)
    sums = np.cumsum(counts * (edges[:-1] + edges[1:]) / 2)
    below = np.cumsum(counts)[:-1]
    above = len(values) - below
    apart = sums[:-1] / np.maximum(below, 1) - (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    return edges[1:-1][np.argmax(below * above * apart**2)]


def _without_specks(mask, share=0.02):
    """Returns the mask without its parts of less than this share of the largest part's area."""
    parts, n = ndimage.label(mask, TOUCHING)
    areas = np.bincount(parts.ravel())
    areas[0] = 0
    return (areas >= max(4, share * areas.max()))[parts]


# Finding the digit


def _digit(ink):
    """Returns where the digit is, bool [height, width]; refuses noise and several digits."""
    mask = ink > 0.45
    if mask.mean() > 0.7:
        raise PictureError(
            f"{mask.mean():.0%} of the picture is ink: leave some paper around the digit"
        )
    labels, n = ndimage.label(mask, TOUCHING)
    areas = np.bincount(labels.ravel())[1:]
    parts = {
        i: box
        for i, box in enumerate(ndimage.find_objects(labels), 1)
        if areas[i - 1] >= max(4, 0.02 * areas.max())
    }
    if len(parts) > 30 or sum(areas[i - 1] for i in parts) < 0.5 * areas.sum():
        raise PictureError(
            f"{n:,} specks were found and no digit: the picture is noise or a pattern, or the page "
            "is empty; take it closer, with more light, on plain paper"
        )
    parts = _without_frames(labels, parts)
    size = max(max(_size(box)) for box in parts.values())
    if size < max(5, 0.02 * max(ink.shape)):
        raise PictureError(
            f"the largest mark has {size} of the picture's {max(ink.shape)} pixels, too few for a "
            "digit: the page is empty, or the picture taken from too far away"
        )
    digit = np.isin(labels, _one_digit(labels, parts, size))
    holes = ndimage.label(~np.pad(digit, 1))[0]
    holes = np.sum(np.bincount(holes.ravel())[2:] > 0.002 * size**2)
    if holes > 5:
        raise PictureError(f"what was found has {holes} holes: it is a pattern and no digit")
    if 2 * ndimage.distance_transform_edt(np.pad(digit, 1)).max() > 0.6 * size:
        raise PictureError(
            "what was found is a filled shape without strokes and no digit: leave paper around "
            "the digit, and nothing else in the picture"
        )
    return digit


def _without_frames(labels, parts):
    """Returns the parts without what surrounds a page or a digit: a table's edge, a printed box."""
    edge = np.concatenate([labels[0], labels[-1], labels[1:-1, 0], labels[1:-1, -1]])
    inside = [box for i, box in parts.items() if i not in edge]
    frames = set()
    if any(max(_size(box)) > 0.15 * min(labels.shape) for box in inside):
        frames = {i for i in parts if np.mean(edge == i) > 0.1}
    for i, box in parts.items():
        part = labels[box] == i
        sides = [part[:3].any(0), part[-3:].any(0), part[:, :3].any(1), part[:, -3:].any(1)]
        within = [
            all(a.start < b.start and b.stop < a.stop for a, b in zip(box, other, strict=True))
            and max(_size(other)) > 0.3 * max(_size(box))
            for other in parts.values()
        ]
        if any(within) and min(np.mean(side) for side in sides) > 0.8:
            frames.add(i)
    return {i: box for i, box in parts.items() if i not in frames}


def _one_digit(labels, parts, size):
    """Returns the numbers of the parts that make up the digit: strokes may lie a little apart."""
    points = {i: np.argwhere(labels[box] == i) + [s.start for s in box] for i, box in parts.items()}
    trees = {i: KDTree(places) for i, places in points.items()}
    chosen = [max(points, key=lambda i: len(points[i]))]
    others = set(points) - set(chosen)
    while others:
        gap = {i: min(trees[j].query(points[i])[0].min() for j in chosen) for i in others}
        nearest = min(gap, key=gap.get)
        if gap[nearest] > 0.25 * size:
            break
        chosen.append(nearest)
        others.remove(nearest)
    tall = [i for i in parts if _size(parts[i])[0] > 0.5 * size]
    beside = [
        (i, j)
        for i, j in itertools.combinations(tall, 2)
        if _overlap(parts[i][1], parts[j][1]) < 0.2
        and trees[i].query(points[j])[0].min() > 0.08 * size
    ]
    largest = len(points[chosen[0]])
    apart = [i for i in others if len(points[i]) > 0.2 * largest]
    if beside or apart:
        raise PictureError(
            f"{max(2, 1 + len(apart))} or more separate shapes were found, expected one digit: cut "
            "out one digit, or join its strokes"
        )
    return chosen


def _size(box):
    """Returns the (height, width) of a pair of slices."""
    return tuple(s.stop - s.start for s in box)


def _overlap(a, b):
    """Returns which share of the shorter of two slices lies within the other."""
    shared = min(a.stop, b.stop) - max(a.start, b.start)
    return shared / min(a.stop - a.start, b.stop - b.start)


def _bounds(digit, ink):
    """Returns the slices of the smallest box that holds the digit and its grey edge."""
    edge = ndimage.binary_dilation(digit, TOUCHING) & (ink > 0)
    return ndimage.find_objects(edge.astype(np.uint8))[0]


# MNIST's form


def _thickened(box):
    """Returns the box, or a larger one with wider strokes if they would be thin when scaled."""
    digit = box > 0.45
    width = 4 * (ndimage.distance_transform_edt(np.pad(digit, 1))[1:-1, 1:-1][digit].mean() - 0.5)
    unit = max(box.shape) / BOX  # a pixel of the scaled box, in pixels of this one
    if width >= THINNEST * unit:
        return box
    more = (THICKENED * unit - width) / 2
    margin = int(np.ceil(more)) + 1
    away = ndimage.distance_transform_edt(np.pad(~digit, margin, constant_values=True))
    return np.clip(more + 0.5 - away, 0, 1).astype(np.float32)


def _scaled(box):
    """Returns the box scaled so that its longer side is 20 pixels, with its aspect kept."""
    scale = BOX / max(box.shape)
    return _resized(box, [max(1, round(scale * side)) for side in box.shape])


def _centred(scaled):
    """Returns the scaled digit in [28, 28], its centre of mass in the middle."""
    image = np.zeros((SIDE, SIDE), np.float32)
    place = []
    for side, centre in zip(scaled.shape, ndimage.center_of_mass(scaled), strict=True):
        start = int(np.clip(round(SIDE / 2 - centre), 0, SIDE - side))
        place.append(slice(start, start + side))
    image[tuple(place)] = scaled
    return image


def _resized(array, shape):
    """Returns the array with this shape, each new pixel a weighted mean of the old ones."""
    image = Image.fromarray(np.asarray(array, np.float32))
    return np.asarray(image.resize(tuple(shape)[::-1], Image.Resampling.BILINEAR))


def _shrunk(array, side):
    """Returns the array with at most this many pixels on its longer side."""
    scale = side / max(array.shape)
    if scale >= 1:
        return array
    shape = [max(1, round(scale * n)) for n in array.shape]
    image = Image.fromarray(np.asarray(array, np.float32))
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BOX))
