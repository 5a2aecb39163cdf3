#!/usr/bin/env python3
"""Runs an explainer that `models export` wrote, with nothing of ptame: needs onnxruntime, numpy and Pillow.

    python3 explain.py explainer.onnx photo.jpg [--target INDEX] [--map map.npy] [--out overlay.png]

A target needs a file that was exported with --require-target, or a runtime that can feed optional inputs, as this one.
"""

import argparse
import json

import numpy as np
import onnxruntime
from PIL import Image, ImageOps

FILTERS = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}


def crop(image, preprocessing):
    """The centre of the image as the classifier sees it."""
    if "fit" in preprocessing:
        raise SystemExit(f"{preprocessing['fit']} is not written here: see the metadata of the file")
    size = preprocessing["centre_crop"]
    height, width = size if isinstance(size, list) else (size, size)
    short = preprocessing["resize"]["short_side"]
    scale = short / min(image.size)
    sides = tuple(short if side == min(image.size) else int(side * scale) for side in image.size)
    name = preprocessing["resize"]["filter"].split(",")[0]
    resized = image.resize(sides, FILTERS[name])
    left, top = round((sides[0] - width) / 2), round((sides[1] - height) / 2)
    return resized.crop((left, top, left + width, top + height))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("photo")
    parser.add_argument("--target", type=int, default=-1)
    parser.add_argument("--map")
    parser.add_argument("--out")
    given = parser.parse_args()

    options = onnxruntime.SessionOptions()
    # It warns that the target, which need not be given, is an input with a default.
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(given.model, options, providers=["CPUExecutionProvider"])
    facts = session.get_modelmeta().custom_metadata_map
    photo = ImageOps.exif_transpose(Image.open(given.photo)).convert("RGB")
    seen = crop(photo, json.loads(facts["preprocessing"]))
    image = np.asarray(seen, np.float32).transpose(2, 0, 1)[None] / 255

    feeds = {"image": image, "target": np.array([given.target], np.int64)}
    probabilities, heat = session.run(["probabilities", "map"], feeds)
    index = given.target if given.target >= 0 else int(probabilities[0].argmax())
    label = json.loads(facts["labels"])[index]
    print(f"{index}\t{label}\t{probabilities[0, index]:.6f}\t{facts['method']}")

    if given.map:
        np.save(given.map, heat[0, 0])
    if given.out:
        # A map is small: its cells are enlarged to the pixels that the classifier saw.
        large = Image.fromarray((255 * heat[0, 0]).astype(np.uint8)).resize(seen.size, Image.BILINEAR)
        red = np.asarray(large, np.float32)[..., None] / 255 * np.array([255, 64, 0], np.float32)
        Image.fromarray((0.5 * np.asarray(seen.convert("L").convert("RGB")) + 0.5 * red).astype(np.uint8)).save(given.out)


if __name__ == "__main__":
    main()
