"""Crops of images for training, and what fills the regions that a view removes."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image, ImageOps

from .draws import Stream

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
BLURRED_SIDE = 14
"""Sides of the small image that "blur" enlarges."""


def decode(data: bytes) -> Image.Image:
    """The image upright; raises an error of Pillow when it is none."""
    with Image.open(io.BytesIO(data)) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def resized_size(size: tuple[int, int], crop: dict) -> tuple[int, int]:
    """Width and height after resizing, rounded as torchvision does."""
    (width, height), side = size, crop["resize"]
    if crop["fit"] == "squash":
        return side, side
    if width <= height:
        return side, max(side, side * height // width)
    return max(side, side * width // height), side


def augment(image: Image.Image, crop: dict, stream: Stream) -> np.ndarray:
    """A random square, half of the time mirrored: [3, crop, crop] in [0, 1]. Draws column, row, and whether to mirror."""
    across, down, mirror = stream.uniform(), stream.uniform(), stream.uniform()
    width, height = resized_size(image.size, crop)
    side = crop["crop"]
    resized = image if image.size == (width, height) else image.resize((width, height), FILTERS[crop["resample"]])
    x, y = math.floor(across * (width - side + 1)), math.floor(down * (height - side + 1))
    pixels = np.asarray(resized)[y : y + side, x : x + side]
    if mirror < 0.5:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)


def interpolation(size: int, to: int) -> np.ndarray:
    """The matrix [to, size] of linear interpolation at half-pixel centres, edges repeated."""
    at = np.clip((np.arange(to) + 0.5) * (size / to) - 0.5, 0, size - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, size - 1)
    matrix = np.zeros((to, size))
    matrix[np.arange(to), low] += 1 - (at - low)
    matrix[np.arange(to), high] += at - low
    return matrix


def enlarged(plane: np.ndarray, to: tuple[int, int]) -> np.ndarray:
    """Planes [..., h, w] as [..., H, W], bilinear."""
    height, width = plane.shape[-2:]
    wide = interpolation(height, to[0]) @ plane.astype(np.float64) @ interpolation(width, to[1]).T
    return wide.astype(np.float32)


def fill(kind: str, pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """What fills the masked regions of [3, H, W], given the kept part [H, W]."""
    if kind == "black":
        return np.zeros_like(pixels)
    if kind == "mean":
        return np.broadcast_to(pixels.mean((1, 2), keepdims=True, dtype=np.float64), pixels.shape).astype(np.float32)
    if kind == "blur":
        return blurred(pixels)
    return from_neighbours(pixels, mask)


def blurred(pixels: np.ndarray) -> np.ndarray:
    """The mean over cells, enlarged."""
    _, height, width = pixels.shape
    rows, columns = min(BLURRED_SIDE, height), min(BLURRED_SIDE, width)
    down = np.zeros((rows, height))
    down[np.arange(height) * rows // height, np.arange(height)] = 1
    across = np.zeros((columns, width))
    across[np.arange(width) * columns // width, np.arange(width)] = 1
    counts = np.outer(down.sum(1), across.sum(1))
    return enlarged((down @ pixels.astype(np.float64) @ across.T / counts).astype(np.float32), (height, width))


def from_neighbours(pixels: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Pull and push: known pixels are averaged into coarser images, and each hole takes the finest level's value."""
    levels = [(mask, pixels * mask)]
    while min(levels[-1][0].shape) > 1 and all(side % 2 == 0 for side in levels[-1][0].shape):
        weight, colours = levels[-1]
        sums = four(weight)
        factor = 1 / np.maximum(sums, np.float32(1))
        levels.append((sums * factor, four(colours) * factor))
    weight, colours = levels[-1]
    total = weight.sum(dtype=np.float64)
    means = colours.sum((1, 2), dtype=np.float64) / total if total > 1e-6 else np.full(3, 0.5)
    known = (colours + (1 - weight) * means[:, None, None]).astype(np.float32)
    for weight, colours in reversed(levels[:-1]):
        known = colours + (1 - weight) * enlarged(known, weight.shape)
    # known = m·x + (1 − m)·fill, solved for the fill. It is never visible if nothing is masked.
    hidden = mask <= 0.999
    return np.where(hidden, (known - mask * pixels) / np.where(hidden, 1 - mask, 1), pixels).astype(np.float32)


def four(plane: np.ndarray) -> np.ndarray:
    """The sum of each four pixels."""
    return plane[..., ::2, ::2] + plane[..., ::2, 1::2] + plane[..., 1::2, ::2] + plane[..., 1::2, 1::2]
