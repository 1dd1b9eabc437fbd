"""Finds the ink of one digit in a picture of a page: grey values in, the digit's pixels out.

Light falls on a page unevenly, so that each pixel is compared with the paper around it: the paper
is estimated by a morphological closing, which fills dark strokes (Serra, "Image Analysis and
Mathematical Morphology", 1982), and then again from the pixels that are surely paper. The threshold
between faint marks, such as the lines of the paper, and ink is Otsu's ("A threshold selection
method from gray-level histograms", 1979). What was found is then looked at in connected parts.
"""

import itertools

import numpy as np
from PIL import Image
from scipy import ndimage
from scipy.spatial import ConvexHull, KDTree

NO_INK = "(the page is empty, or the pen too faint): take the picture closer, with more light"
TOUCHING = np.ones((3, 3), bool)  # pixels are neighbours across corners also


class PictureError(ValueError):
    """No digit can be read from the picture; the message says what was found and what to do."""


def find_ink(grey):
    """Returns how much ink each pixel has: float32 [height, width], 0 for paper, 1 for ink."""
    if np.ptp(grey) < 8:
        raise PictureError(f"all pixels are nearly the same {NO_INK}")
    grain = 1.05 * np.median(np.abs(np.diff(grey)))  # standard deviation from pixel to pixel
    if grain > 5 and min(grey.shape) > 80:
        grey = ndimage.gaussian_filter(grey, 1.2)
    if _paper_is_dark(grey):
        grey = 255 - grey
    small = shrunk(grey, 64)
    blur = max(small.shape) / 32
    closed = ndimage.grey_closing(small, [round(0.35 * side) | 1 for side in small.shape])
    closed = ndimage.gaussian_filter(closed, blur)
    ink = 1 - grey / np.maximum(resized(closed, grey.shape), 1)
    marked = ndimage.binary_dilation(ink > max(0.1, ink.max() / 4), TOUCHING, 2)
    if 0 < marked.mean() < 0.7:  # again, now from what is surely paper, where there is any nearby
        weight = shrunk((~marked).astype(np.float32), 64)
        seen = shrunk(np.where(marked, 0, grey), 64)
        weight, seen = (ndimage.gaussian_filter(a, blur) for a in (weight, seen))
        paper = (seen + 0.01 * closed) / (weight + 0.01)
        ink = 1 - grey / np.maximum(resized(paper, grey.shape), 1)
    rest = ink[~marked] if not marked.all() else ink
    noise = 1.5 * np.median(np.abs(rest - np.median(rest)))
    faint = max(0.1, 5 * noise)
    marks = _without_specks(ink > faint)
    if not marks.any():
        raise PictureError(f"no ink was found {NO_INK}")
    values = ink[marks]
    level = np.median(values[values >= min(_otsu(values), values.max())])
    if level * closed.mean() < 3 * grain:
        raise PictureError(f"only noise was found {NO_INK}")
    ink = np.clip(ink / level, 0, 1)
    return np.where(ink * level < max(0.03, 4 * noise), 0, ink).astype(np.float32)


def page(grey):
    """Returns the picture without what lies around a page in it, such as a table.

    A page is a large filled shape of one shade, inside the other shade, with marks on it.
    """
    if min(grey.shape) < 60:
        return grey
    small = shrunk(grey, 128)
    light = small > _otsu(small.ravel())
    edge = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
    if abs(edge.mean() - 0.5) < 0.3:
        return grey
    labels, _ = ndimage.label(light != (edge.mean() > 0.5))
    areas = np.bincount(labels.ravel())
    if len(areas) == 1 or areas[1:].max() < 0.15 * labels.size:
        return grey
    sheet = labels == 1 + np.argmax(areas[1:])
    whole = ndimage.binary_fill_holes(sheet)
    marks = _without_specks(whole & ~sheet)
    box = ndimage.find_objects(whole.astype(np.uint8))[0]
    clear = 2 * ndimage.distance_transform_edt(np.pad(sheet, 1)).max()
    solid = whole.sum() / ConvexHull(np.argwhere(whole)).volume
    if solid < 0.95 or clear < 0.35 * min(_size(box)) or not marks.any():
        return grey
    inside = resized(ndimage.binary_erosion(whole, TOUCHING, 2), grey.shape) > 0.5
    box = ndimage.find_objects(inside.astype(np.uint8))[0]
    _, nearest = ndimage.distance_transform_edt(~inside[box], return_indices=True)
    return grey[box][tuple(nearest)]


def _paper_is_dark(grey):
    """Returns whether the paper is darker than the ink: most of the picture, and its edge."""
    small = shrunk(grey, 48)
    margin = [max(1, side // 12) for side in small.shape]  # not the dark edge of a scan
    small = small[margin[0] : -margin[0], margin[1] : -margin[1]]
    paper = ndimage.median_filter(small, [side // 2 | 1 for side in small.shape], mode="nearest")
    low, high = np.percentile(small - paper, (1, 99))
    if max(-low, high) > 2 * min(-low, high):
        return high > -low
    edge = np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])
    return np.median(edge) < _otsu(small.ravel())


def _otsu(values):
    """Returns the threshold that splits the values into the two classes farthest apart."""
    if np.ptp(values) < 1e-3:
        return values.min()
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


def find_digit(ink):
    """Returns where the digit is, bool [height, width]; refuses noise and several digits."""
    mask = ink > 0.45
    if mask.mean() > 0.7:
        raise PictureError(
            f"{mask.mean():.0%} of the picture is ink: leave some paper around the digit"
        )
    labels, n = ndimage.label(mask, TOUCHING)
    if n == 0:
        raise PictureError(f"no ink was found {NO_INK}")
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
    box = ndimage.find_objects(digit.astype(np.uint8))[0]
    shape = np.pad(digit[box], 1)
    holes = np.sum(np.bincount(ndimage.label(~shape)[0].ravel())[2:] > 0.002 * size**2)
    if holes > 5:
        raise PictureError(f"what was found has {holes} holes: it is a pattern and no digit")
    if 2 * ndimage.distance_transform_edt(shape).max() > 0.6 * size:
        raise PictureError(
            "what was found is a filled shape without strokes and no digit: leave paper around "
            "the digit, and nothing else in the picture"
        )
    reach = max(2, 0.03 * max(ink.shape))
    near = tuple(slice(max(0, int(b.start - reach - 2)), int(b.stop + reach + 2)) for b in box)
    away = ndimage.distance_transform_edt(~digit[near])
    around = ink[near][(away >= reach) & (away < reach + 2)]
    if around.size and np.median(around) > 0.2:  # paper, around ink
        raise PictureError(f"a shadow was found, but no ink {NO_INK}")
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


def resized(array, shape):
    """Returns the array with this shape, each new pixel a weighted mean of the old ones."""
    image = Image.fromarray(np.asarray(array, np.float32))
    return np.asarray(image.resize(tuple(shape)[::-1], Image.Resampling.BILINEAR))


def shrunk(array, side):
    """Returns the array with at most this many pixels on its longer side."""
    scale = side / max(array.shape)
    if scale >= 1:
        return array
    shape = [max(1, round(scale * n)) for n in array.shape]
    image = Image.fromarray(np.asarray(array, np.float32))
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BOX))
