"""Trains a small classifier of one's own, as docs/own-classifier.md measures: the folders of FOLDER are its classes.

    nice -n 10 python3 bench/own_classifier.py FOLDER OUT.onnx --network shufflenet_v2_x0_5 --minutes 8

It needs Debian's python3-torch and python3-torchvision. A network of torchvision is trained from scratch on four fifths
of the photographs, at 112 pixels. It writes OUT.onnx, OUT.json (the labels), and the lists OUT.train.txt and
OUT.test.txt; no photograph of the second is ever shown to the network. --random-labels gives every photograph a class by
lot, for a classifier that has nothing to explain.
"""
import argparse
import json
import math
import os
import random
import time

import numpy
import torch
import torchvision
from PIL import Image

SIDE, CROP = 128, 112
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def read(path):
    """The middle square of a photograph, uint8 [3, SIDE, SIDE]."""
    image = Image.open(path).convert("RGB")
    scale = SIDE / min(image.size)
    image = image.resize((max(SIDE, round(image.width * scale)), max(SIDE, round(image.height * scale))), Image.BILINEAR)
    left, top = (image.width - SIDE) // 2, (image.height - SIDE) // 2
    pixels = numpy.asarray(image.crop((left, top, left + SIDE, top + SIDE)))
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)


def batch_of(images, indices, generator):
    """Random crops and mirror images of a batch, normalised."""
    crops = []
    for index in indices:
        left, top = (int(torch.randint(SIDE - CROP + 1, (1,), generator=generator)) for _ in range(2))
        crop = images[index][:, top:top + CROP, left:left + CROP]
        crops.append(crop.flip(2) if torch.rand(1, generator=generator) < 0.5 else crop)
    return (torch.stack(crops).float() / 255 - MEAN) / STD


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("out")
    parser.add_argument("--network", default="shufflenet_v2_x0_5")
    parser.add_argument("--classes", type=int, default=1000, help="use the first N folders")
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--random-labels", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    random.seed(0)
    generator = torch.Generator().manual_seed(0)

    names = sorted(entry.name for entry in os.scandir(options.folder) if entry.is_dir())[:options.classes]
    parts = {"train": [], "test": []}
    for label, name in enumerate(names):
        folder = os.path.join(options.folder, name)
        for place, file in enumerate(sorted(f for f in os.listdir(folder) if f.lower().endswith((".jpg", ".png")))):
            parts["test" if place % 5 == 4 else "train"].append((os.path.join(folder, file), label))
    stem = options.out[:-len(".onnx")]
    for part, files in parts.items():
        with open(f"{stem}.{part}.txt", "w") as out:
            out.write("".join(f"{path}\n" for path, _ in files))
    images = {part: torch.stack([read(path) for path, _ in files]) for part, files in parts.items()}
    labels = {part: torch.tensor([label for _, label in files]) for part, files in parts.items()}
    if options.random_labels:
        labels = {part: each[torch.randperm(len(each), generator=generator)] for part, each in labels.items()}

    network = getattr(torchvision.models, options.network)(num_classes=len(names))
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.05)
    started, seconds, epoch = time.time(), options.minutes * 60, 0
    while time.time() - started < seconds:
        network.train()
        order = torch.randperm(len(images["train"]), generator=generator)
        for at in range(0, len(order) - 31, 32):
            done = min(1, (time.time() - started) / seconds)
            rate = 3e-3 * (done / 0.2 if done < 0.2 else 0.5 * (1 + math.cos(math.pi * (done - 0.2) / 0.8)))
            for group in optimizer.param_groups:
                group["lr"] = max(rate, 1e-5)
            indices = order[at:at + 32].tolist()
            scores = network(batch_of(images["train"], indices, generator))
            loss = torch.nn.functional.cross_entropy(scores, labels["train"][indices], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        epoch += 1
    network.eval()
    edge = (SIDE - CROP) // 2
    right = {}
    with torch.no_grad():
        for part in images:
            whole = (images[part][:, :, edge:edge + CROP, edge:edge + CROP].float() / 255 - MEAN) / STD
            scores = torch.cat([network(piece) for piece in whole.split(64)])
            right[part] = 100 * (scores.argmax(1) == labels[part]).float().mean().item()
    print(f"{options.network}: {epoch} epochs, {len(names)} classes, right on "
          + ", ".join(f"{part} {share:.1f} % of {len(images[part])}" for part, share in right.items()))
    torch.onnx.export(network, torch.zeros(1, 3, CROP, CROP), options.out, opset_version=13, input_names=["images"],
                      output_names=["scores"], dynamic_axes={"images": {0: "batch"}, "scores": {0: "batch"}})
    with open(f"{stem}.json", "w") as out:
        json.dump({"labels": names}, out)


main()
