#!/usr/bin/python3
"""Writes what PIL makes of photographs: Resize(256) + CenterCrop(224), RGB bytes, one after the other, on stdout.

    /usr/bin/python3 tests/image/reference.py PHOTO...
"""

import sys

from PIL import Image, ImageOps

for name in sys.argv[1:]:
    image = ImageOps.exif_transpose(Image.open(name)).convert("RGB")
    width, height = image.size
    long = int(256 * max(width, height) / min(width, height))
    size = (256, long) if width <= height else (long, 256)
    left, top = int(round((size[0] - 224) / 2.0)), int(round((size[1] - 224) / 2.0))
    image = image.resize(size, Image.BILINEAR).crop((left, top, left + 224, top + 224))
    sys.stdout.buffer.write(image.tobytes())
