"""Trains the small classifier of the benchmark with known truth on drawn scenes, and exports it as parts.onnx.

    deno run -A bench/truth/write_scenes.ts train.bin 6000 1
    deno run -A bench/truth/write_scenes.ts test.bin 600 2
    nice -n 10 /usr/bin/python3 bench/truth/train.py train.bin test.bin bench/truth/parts.onnx

It needs Debian's python3-torch 1.13. Four convolutions with batch normalisation, which the export folds into them, and
a linear layer behind global average pooling. Scenes are mirrored and their colours exchanged and inverted at random,
which changes no class. Seed 0, one thread: about 10 minutes of a core.
"""
import sys

import numpy
import torch
from torch import nn

SIDE, CLASSES, EPOCHS, BATCH = 64, 6, 24, 64
MEAN, STD = 0.5, 0.25


def read(path):
    """Levels [N, 3, 64, 64] and classes."""
    rows = numpy.fromfile(path, dtype=numpy.uint8).reshape(-1, 3 * SIDE * SIDE + 1)
    images = rows[:, :-1].reshape(-1, SIDE, SIDE, 3).transpose(0, 3, 1, 2)
    return torch.from_numpy(numpy.ascontiguousarray(images)), torch.from_numpy(rows[:, -1].astype(numpy.int64))


def block(ins, outs):
    return [nn.Conv2d(ins, outs, 3, padding=1, bias=False), nn.BatchNorm2d(outs), nn.ReLU()]


def network():
    return nn.Sequential(
        *block(3, 16), nn.MaxPool2d(2), *block(16, 32), nn.MaxPool2d(2), *block(32, 48), nn.MaxPool2d(2),
        *block(48, 64), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, CLASSES))


def normalised(levels):
    return (levels.float() / 255 - MEAN) / STD


def varied(images):
    """Mirrored, with colours exchanged and inverted; normalised values are symmetric about 0."""
    if torch.rand(()) < 0.5:
        images = images.flip(3)
    return images[:, torch.randperm(3)] * (1 if torch.rand(()) < 0.5 else -1)


def right(net, images, labels):
    net.eval()
    with torch.no_grad():
        found = torch.cat([net(normalised(part)).argmax(1) for part in images.split(250)])
    return (found == labels).float().mean().item()


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    (images, labels), test = read(sys.argv[1]), read(sys.argv[2])
    net = network()
    optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=0.02)
    steps = EPOCHS * (len(labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    for epoch in range(EPOCHS):
        net.train()
        total = 0
        for indices in torch.randperm(len(labels))[:len(labels) // BATCH * BATCH].split(BATCH):
            loss = nn.functional.cross_entropy(net(varied(normalised(images[indices]))), labels[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(indices)
        print(f"epoch {epoch + 1}: loss {total / len(labels):.3f}, right on {100 * right(net, *test):.1f} % of "
              f"{len(test[1])} other scenes", flush=True)
        torch.onnx.export(net.eval(), torch.zeros(1, 3, SIDE, SIDE), sys.argv[3], opset_version=13,
                          input_names=["images"], output_names=["scores"],
                          dynamic_axes={"images": {0: "batch"}, "scores": {0: "batch"}})


main()
