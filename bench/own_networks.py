"""Two small networks for bench/own_classifier.py that are trained from nothing: relatives of no auxiliary.

They see 64 x 64 pixels. The small network has five 3x3 convolutions with batch normalisation. The vision transformer has a
stem of three convolutions (Xiao et al. 2021, "Early Convolutions Help Transformers See Better"), because a few hundred
photographs do not teach a linear patch embedding; behind it, 8 x 8 tokens, four blocks of attention, and the mean of the
tokens.
"""
import torch
from torch import nn

RESIZE, CROP = 72, 64


def convolution(before, after, stride):
    return nn.Sequential(nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU())


class SmallNetwork(nn.Module):
    """[B, 3, 64, 64] to scores; its deepest map has 8 x 8 places."""

    def __init__(self, classes):
        super().__init__()
        self.features = nn.Sequential(convolution(3, 16, 2), convolution(16, 32, 2), convolution(32, 64, 1),
                                      convolution(64, 64, 2), convolution(64, 128, 1))
        self.last = nn.Linear(128, classes)

    def forward(self, images):
        return self.last(self.features(images).mean((2, 3)))


class Block(nn.Module):
    """Attention and a perceptron, each behind a layer normalisation and added to its input."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.perceptron = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, tokens):
        _, count, width = tokens.shape
        parts = self.qkv(self.first(tokens)).reshape(-1, count, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        weights = (q @ k.transpose(-2, -1) * (width // self.heads) ** -0.5).softmax(-1)
        tokens = tokens + self.out((weights @ v).transpose(1, 2).reshape(-1, count, width))
        return tokens + self.perceptron(self.second(tokens))


class VisionTransformer(nn.Module):
    """[B, 3, 64, 64] to scores."""

    def __init__(self, classes, width=64, depth=4, heads=4):
        super().__init__()
        self.stem = nn.Sequential(convolution(3, 16, 2), convolution(16, 32, 2), nn.Conv2d(32, width, 3, 2, 1))
        self.places = nn.Parameter(0.02 * torch.randn(1, 64, width))
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm, self.last = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, images):
        tokens = self.stem(images).flatten(2).transpose(1, 2) + self.places
        return self.last(self.norm(self.blocks(tokens)).mean(1))


NETWORKS = {"small": SmallNetwork, "vit": VisionTransformer}


def varied(images):
    """Random crops of [B, 3, 72, 72], half of them mirrored."""
    top, left = torch.randint(RESIZE - CROP + 1, (2,)).tolist()
    images = images[:, :, top:top + CROP, left:left + CROP]
    return torch.where(torch.rand(len(images), 1, 1, 1) < 0.5, images, images.flip(3))


def middle(images):
    edge = (RESIZE - CROP) // 2
    return images[:, :, edge:edge + CROP, edge:edge + CROP]


def train(network, images, labels, epochs, augment):
    """AdamW with a rate that falls along a cosine. Images are [N, 3, 72, 72], normalised."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05 if augment else 0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, epochs * -(-len(labels) // 32))
    network.train()
    for _ in range(epochs):
        for indices in torch.randperm(len(labels)).split(32):
            batch = varied(images[indices]) if augment else middle(images[indices])
            loss = nn.functional.cross_entropy(network(batch), labels[indices])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def right(network, images, labels):
    """Share of images whose class has the greatest score."""
    with torch.no_grad():
        found = torch.cat([network(middle(part)).argmax(1) for part in images.split(64)])
    return (found == labels).float().mean().item()
