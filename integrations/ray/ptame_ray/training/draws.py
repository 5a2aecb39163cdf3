"""What a run draws: the order of its images, their crops, the views and the targets of each step.

Everything depends only on the seed and the position in the run, and is what ptame draws, bit for bit.
"""

from __future__ import annotations

import math
from typing import Sequence

import numpy as np

MASK = 0xFFFFFFFF

FIRST_EPOCH = 0x80000000
"""Streams of a seed below it are for images by their position in the run, the others for the order of an epoch."""

LIKELIEST = 5
"""Most probable allowed classes that a target is drawn from."""
LEAST_PROBABILITY = 0.02
"""The image shows nothing of less probable classes."""
STEEPEST = 0.95
"""Probability from which the slope of "removal" stays constant."""


class Stream:
    """One of 2^32 streams of a seed: sfc32 with 12 rounds of warming up."""

    def __init__(self, seed: int, stream: int) -> None:
        self.a, self.b, self.c, self.count = (seed >> 32) & MASK, stream & MASK, seed & MASK, 1
        for _ in range(12):
            self.uniform()

    def uniform(self) -> float:
        """The next number in [0, 1)."""
        drawn = (self.a + self.b + self.count) & MASK
        self.count = (self.count + 1) & MASK
        self.a = self.b ^ (self.b >> 9)
        self.b = (self.c + (self.c << 3)) & MASK
        self.c = (((self.c << 21) | (self.c >> 11)) + drawn) & MASK
        return drawn / 2**32

    def below(self, below: int) -> int:
        """The next whole number in [0, below)."""
        return math.floor(self.uniform() * below)


def hash_text(text: str) -> int:
    """FNV-1a over a text's UTF-16 units."""
    hashed = 0x811C9DC5
    units = text.encode("utf-16-le")
    for low, high in zip(units[::2], units[1::2]):
        hashed = ((hashed ^ (low | high << 8)) * 0x01000193) & MASK
    return hashed


def epoch_order(count: int, seed: int, epoch: int) -> list[int]:
    """The order of an epoch (Fisher and Yates)."""
    stream = Stream(seed, FIRST_EPOCH + epoch)
    order = list(range(count))
    for i in range(count - 1, 0, -1):
        j = stream.below(i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def views_of_step(views: Sequence[dict], step: int, batch: int, each: int) -> list[dict]:
    """The views of a step, image by image: `batch * each` of them."""
    stride = 7
    while math.gcd(stride, len(views)) > 1:
        stride += 1
    return [views[(stride * (step * each + at % each) + at // each) % len(views)] for at in range(batch * each)]


def view_loss(view: dict, cross_entropy: float, clean: float) -> tuple[float, float]:
    """The weighted loss of a view, and the factor from the cross-entropy's gradient to its gradient."""
    weight, p = view["weight"], math.exp(-cross_entropy)
    if view["loss"] == "drop":
        return -weight * p / clean, weight * p / clean
    if view["loss"] == "removal":
        capped = min(p, STEEPEST)
        return -weight * math.log(1 - capped), -weight * capped / (1 - capped)
    return weight * cross_entropy, weight


def softmax(scores: np.ndarray) -> np.ndarray:
    """Probabilities of a row of scores, in float64."""
    powers = np.exp(scores.astype(np.float64) - float(scores.max()))
    return powers / powers.sum()


def choose_target(scores: np.ndarray, allowed: np.ndarray | None, others: float, seed: int, place: int) -> int:
    """The target of an image: the top class, or now and then another of its most probable ones.

    `place` is the image's position in the run, unreadable ones not counted.
    """
    opened = scores if allowed is None else np.where(allowed == 1, scores, -np.inf)
    # Ties keep their order.
    best = np.argsort(-opened, kind="stable")[: LIKELIEST if others > 0 else 1]
    best = [int(index) for index in best if allowed is None or allowed[index] == 1]
    if others == 0:
        return best[0]
    stream = Stream(hash_text(f"targets {seed}"), place)
    if stream.uniform() >= others:
        return best[0]
    probabilities = softmax(scores)
    enough = [index for index in best if probabilities[index] > LEAST_PROBABILITY]
    return enough[stream.below(len(enough))] if enough else best[0]


def one_cycle(step: int, total: int, highest: float) -> tuple[float, float]:
    """Learning rate and beta1 of a step: PyTorch's OneCycleLR, along half cosines."""

    def along(start: float, end: float, part: float) -> float:
        return end + (start - end) / 2 * (math.cos(math.pi * part) + 1)

    first = highest / 25
    peak = 0.3 * total - 1
    if step <= peak:
        part = step / peak
        return along(first, highest, part), along(0.95, 0.85, part)
    part = (step - peak) / (total - 1 - peak)
    return along(highest, first / 1e4, part), along(0.85, 0.95, part)


def adamw_scalars(step: int, total: int, highest: float, weight_decay: float) -> dict[str, np.ndarray]:
    """The inputs of the optimiser's graph that change from step to step."""
    rate, beta1 = one_cycle(step, total, highest)
    beta2, count = 0.999, step + 1
    numbers = {
        "keep": 1 - rate * weight_decay,
        "beta1": beta1,
        "beta1_rest": 1 - beta1,
        "beta2": beta2,
        "beta2_rest": 1 - beta2,
        "step_size": rate / (1 - beta1**count),
        "second_correction": math.sqrt(1 - beta2**count),
    }
    return {name: np.asarray(value, np.float32) for name, value in numbers.items()}
