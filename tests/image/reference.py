#!/usr/bin/python3
"""Writes what PIL makes of photographs as RGB bytes, crop after crop and photograph after photograph, on stdout.

    python3 tests/image/reference.py CROPS PHOTO...

CROPS is a JSON list of crops as src/image/preprocess.ts has them, such as {"resize": 256, "crop": 224}.
"""
import json
import sys

from PIL import Image, ImageOps

FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "nearest": Image.NEAREST}


def read(file):
    return ImageOps.exif_transpose(Image.open(file)).convert("RGB")


def crop_by_pil(image, options):
    """The image as a classifier is fed: torchvision's Resize and CenterCrop, a plain resize, or ImageOps.pad."""
    resize, rows = options["resize"], options["crop"]
    columns = options.get("width", rows)
    fit, method = options.get("fit", "crop"), FILTERS[options.get("resample", "bilinear")]
    if fit == "letterbox":
        return ImageOps.pad(image, (columns, rows), method, color=(options.get("fill", 0),) * 3)
    across, down = (round(resize * side / min(rows, columns)) for side in (columns, rows))
    if fit == "crop":
        width, height = image.size
        if width * down <= height * across:
            down = int(across * height / width)
        else:
            across = int(down * width / height)
    left, top = int(round((across - columns) / 2.0)), int(round((down - rows) / 2.0))
    return image.resize((across, down), method).crop((left, top, left + columns, top + rows))


if __name__ == "__main__":
    crops = json.loads(sys.argv[1])
    for name in sys.argv[2:]:
        photograph = read(name)
        for each in crops:
            sys.stdout.buffer.write(crop_by_pil(photograph, each).tobytes())
