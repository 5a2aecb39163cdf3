"""Maps an exported explainer over a Ray Dataset of images."""

from __future__ import annotations

import io
import json
import os
from typing import Any

import numpy as np
import onnxruntime
import ray
from PIL import Image, ImageOps

from .whole_images import CROP, IMAGE, with_crop

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}

Batch = dict[str, np.ndarray]


def decode(data: bytes) -> np.ndarray:
    """The image upright, uint8 [1, 3, height, width].

    Raises OSError and its like when it is no image that Pillow reads.
    """
    with Image.open(io.BytesIO(data)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    return np.ascontiguousarray(np.asarray(upright).transpose(2, 0, 1)[None])


class Explainer:
    """An onnxruntime session of its own, for `map_batches`; Ray makes one in each actor.

    Gives for each image "name", "index", "label", "probability", "map" (float32 [h, w]), "error" (empty if none) and
    "worker", the process that made it; with `crops` also "crop", the pixels that the networks saw, uint8 [H, W, 3].
    """

    def __init__(self, model: bytes, device: str = "cpu", threads: int = 1, crops: bool = False) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # It warns that the target, which need not be given, is an input with a default.
        options.log_severity_level = 3
        provider = PROVIDERS[device]
        if provider not in onnxruntime.get_available_providers():
            raise RuntimeError(f"Cannot run on {device}: this onnxruntime has no {provider}; install onnxruntime-gpu")
        self.session = onnxruntime.InferenceSession(model, options, providers=[provider])
        self.labels: list[str] = json.loads(self.session.get_modelmeta().custom_metadata_map["labels"])
        shapes = {output.name: output.shape for output in self.session.get_outputs()}
        self.map_shape: tuple[int, int] = tuple(shapes["map"][2:])
        self.crop_shape: tuple[int, int, int] = (*shapes[CROP][2:], 3)
        self.crops = crops

    def __call__(self, batch: Batch) -> Batch:
        rows = [self.row(name, data) for name, data in zip(batch["name"], batch["bytes"])]
        return {key: np.asarray([row[key] for row in rows]) for key in rows[0]} if rows else {}

    def row(self, name: str, data: bytes) -> dict[str, Any]:
        """One image's result. An image that cannot be read has a map of zeros and says why."""
        error, index, probability = "", -1, float("nan")
        heat, crop = np.zeros(self.map_shape, np.float32), np.zeros(self.crop_shape, np.uint8)
        try:
            pixels = decode(data)
        except Exception as cause:  # Pillow's errors have no common class.
            error = f"Cannot read: {cause}"
        else:
            seen, probabilities, found = self.session.run([CROP, "probabilities", "map"], {IMAGE: pixels})
            index = int(probabilities[0].argmax())
            probability, heat, crop = float(probabilities[0, index]), found[0, 0], seen[0].transpose(1, 2, 0)
        row = {
            "name": name,
            "index": index,
            "label": "" if index < 0 else self.labels[index],
            "probability": probability,
            "map": heat,
            "error": error,
            "worker": os.getpid(),
        }
        return {**row, "crop": crop} if self.crops else row


def explain_dataset(
    images: ray.data.Dataset,
    explainer: bytes,
    *,
    workers: int = 4,
    device: str = "cpu",
    batch: int = 16,
    crops: bool = False,
) -> ray.data.Dataset:
    """The results of all images; see `Explainer`.

    `explainer` is the content of a file of `models export`. Each worker is an actor with a session. Where one dies, Ray
    starts another and gives it what the dead one had not finished, so that every image comes once.

    Raises ValueError when the file is not one of `models export`.
    """
    return images.map_batches(
        Explainer,
        fn_constructor_args=(with_crop(explainer), device),
        fn_constructor_kwargs={"crops": crops},
        batch_size=batch,
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_cpus=1,
        num_gpus=1 if device == "cuda" else 0,
    )
