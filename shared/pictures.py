"""From a photo, a scan, a screenshot or a drawing of one digit to an image as MNIST has them.

MNIST's images were made so (LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to
document recognition", 1998, section III.A): the digit was scaled, with its aspect kept, into a box
of 20 x 20 pixels, which makes edges grey, and the box was placed in 28 x 28 pixels so that the
centre of mass of the ink is in the middle. Ink is 255 and paper is 0. A network that has seen only
such images needs its own pictures in the same form.

Before that, the digit has to be found in the picture: `shared/ink.py`.
"""

import io
import os
import warnings

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from scipy import ndimage

from shared import checks
from shared.ink import TOUCHING, PictureError, find_digit, find_ink, page, resized, shrunk

SIDE, BOX = 28, 20
LARGEST = 1000  # pixels on the longer side that are looked at; larger pictures are made smaller
STROKES = {  # of imitated digits: lists of points (x, y), y downwards
    2: [[(0, 3), (1, 1), (4, 0), (7, 1), (8, 4), (6, 8), (0, 14), (4, 13.5), (9, 14)]],
    4: [[(6, 0), (0, 9), (9, 9)], [(7, 3), (6, 15)]],
    5: [[(9, 0), (2, 0), (1, 6), (5, 5), (8, 7), (9, 10), (7, 13), (4, 14), (0, 12)]],
}
THINNEST, THICKENED = 1.6, 2.4  # width of a stroke in the box: what is thickened, and to what


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
    ink = find_ink(page(grey))
    digit = find_digit(ink)
    digit = ndimage.binary_dilation(digit, TOUCHING) & (ink > 0)  # with its grey edge
    bounds = ndimage.find_objects(digit.astype(np.uint8))[0]
    box = np.where(digit, ink, 0)[bounds]
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
        try:
            path = checks.path(source, "picture")
        except (ValueError, TypeError) as error:
            raise PictureError(str(error)) from None
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
        if np.ma.is_masked(source):
            raise PictureError("an array with masked values is no picture; fill them, .filled(0)")
        return _from_array(np.asarray(source))
    else:
        raise PictureError(
            f"{checks.kind(source)} is no picture: pass a path, a Pillow image or one array "
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
    while array.ndim > 2 and array.shape[0] == 1:
        array = array[0]  # a batch of one, or a channel before height and width
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.ndim != 2 and not (array.ndim == 3 and array.shape[2] in (2, 3, 4)) or 0 in shape:
        raise PictureError(
            f"an array of shape {list(shape)} is not one picture, expected [height, width] or "
            "[height, width, channels]; pass pictures one at a time, a flat one as "
            "array.reshape(height, width), and one with its channels first as "
            "np.moveaxis(array, 0, -1)"
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
    small = [shrunk(channel, 64) for channel in channels]
    contrast = [np.std(channel - ndimage.gaussian_filter(channel, 8)) for channel in small]
    best = int(np.argmax(contrast))  # yellow on white and red on green are hardly seen in grey
    return channels[best] if contrast[best] > 1.5 * contrast[0] else grey


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
    return resized(box, [max(1, round(scale * side)) for side in box.shape])


def _centred(scaled):
    """Returns the scaled digit in [28, 28], its centre of mass in the middle."""
    image = np.zeros((SIDE, SIDE), np.float32)
    place = []
    for side, centre in zip(scaled.shape, ndimage.center_of_mass(scaled), strict=True):
        start = int(np.clip(round(SIDE / 2 - centre), 0, SIDE - side))
        place.append(slice(start, start + side))
    image[tuple(place)] = scaled
    return image


def imitated_photo(digit, seed=0):
    """Returns what a photo of a 2, 4 or 5 on paper may look like, drawn: uint8 [240, 200].

    The page is lit from the left, and every seed has a noise of its own. Raises ValueError for
    another digit.
    """
    if not isinstance(digit, int | np.integer) or digit not in STROKES:
        raise ValueError(f"digit is {digit!r}: expected one of {list(STROKES)}")
    seed = checks.whole(seed, "seed", 0)
    page = Image.new("L", (200, 240), 255)
    for stroke in STROKES[digit]:
        points = [(50 + 11 * x, 40 + 11 * y) for x, y in stroke]
        ImageDraw.Draw(page).line(points, fill=60, width=8, joint="curve")
    page = np.asarray(page.filter(ImageFilter.GaussianBlur(1.5))) / 255
    light = np.linspace(230, 120, 200)  # from the left to the right
    noise = np.random.default_rng(seed).normal(0, 4, page.shape)
    return np.clip(light * page + noise, 0, 255).astype(np.uint8)
