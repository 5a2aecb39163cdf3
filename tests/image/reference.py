#!/usr/bin/python3
"""Writes what PIL makes of photographs as RGB bytes, cut after cut and photograph after photograph, on stdout.

    python3 tests/image/reference.py CUTS PHOTO...

CUTS is a JSON list of cuts as src/image/preprocess.ts has them, such as {"resize": 256, "crop": 224}.
"""
import json
import sys

from PIL import Image, ImageOps

FILTERS = {"bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "nearest": Image.NEAREST}


def read(file):
    return ImageOps.exif_transpose(Image.open(file)).convert("RGB")


def cut_by_pil(image, cut):
    """The image as a classifier is fed: torchvision's Resize and CenterCrop, a plain resize, or ImageOps.pad."""
    resize, rows = cut["resize"], cut["crop"]
    columns = cut.get("width", rows)
    fit, method = cut.get("fit", "crop"), FILTERS[cut.get("resample", "bilinear")]
    if fit == "letterbox":
        return ImageOps.pad(image, (columns, rows), method, color=(cut.get("fill", 0),) * 3)
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
    cuts = json.loads(sys.argv[1])
    for name in sys.argv[2:]:
        photograph = read(name)
        for each in cuts:
            sys.stdout.buffer.write(cut_by_pil(photograph, each).tobytes())
