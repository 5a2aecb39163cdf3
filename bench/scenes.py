"""Draws synthetic scenes for bench/own_classifier.py: one folder for each class, with N images of 160 x 160.

    /usr/bin/python3 bench/scenes.py FOLDER 200

The class is the large figure of the scene. Around it lie small marks of all colours over stripes and a gradient, which
say nothing about the class. The figure has any colour, place, size and turn. Everything follows from the seed.
"""
import math
import os
import random
import sys

from PIL import Image, ImageDraw

SIDE, SCALE = 160, 2


def regular(corners, inner=1.0):
    """Corners of a polygon of radius 1; with `inner`, a star."""
    count = corners if inner == 1.0 else 2 * corners
    return [(math.cos(math.tau * k / count) * (1 if k % 2 == 0 else inner),
             math.sin(math.tau * k / count) * (1 if k % 2 == 0 else inner)) for k in range(count)]


BAR = 0.28
FIGURES = {
    "circle": regular(40),
    "triangle": regular(3),
    "star": regular(5, 0.42),
    "plus": [(-BAR, -1), (BAR, -1), (BAR, -BAR), (1, -BAR), (1, BAR), (BAR, BAR), (BAR, 1), (-BAR, 1), (-BAR, BAR),
             (-1, BAR), (-1, -BAR), (-BAR, -BAR)],
    "ring": None,
}


def colour(dice):
    return tuple(dice.randrange(256) for _ in range(3))


def distinct(dice, from_, least=160):
    """A colour that differs from another by `least` over its three parts."""
    while True:
        found = colour(dice)
        if sum(abs(a - b) for a, b in zip(found, from_)) >= least:
            return found


def background(dice, base):
    other = tuple(min(255, max(0, part + dice.randint(-50, 50))) for part in base)
    image = Image.new("RGB", (SIDE * SCALE, SIDE * SCALE), base)
    draw = ImageDraw.Draw(image)
    width, slope = dice.randint(8, 40), dice.uniform(-1, 1)
    for start in range(-2 * SIDE * SCALE, 3 * SIDE * SCALE, 2 * width):
        draw.line([(start, 0), (start + slope * SIDE * SCALE, SIDE * SCALE)], fill=other, width=width)
    return image, draw


def place(figure, x, y, radius, turn):
    cos, sin = math.cos(turn), math.sin(turn)
    return [(x + radius * (a * cos - b * sin), y + radius * (a * sin + b * cos)) for a, b in figure]


def draw_figure(image, dice, name, fill):
    radius = dice.uniform(0.17, 0.3) * SIDE * SCALE
    x, y = (dice.uniform(radius, SIDE * SCALE - radius) for _ in range(2))
    turn = dice.uniform(0, math.tau)
    mask = Image.new("L", image.size)
    pen = ImageDraw.Draw(mask)
    pen.polygon(place(FIGURES[name] or FIGURES["circle"], x, y, radius, turn), fill=255)
    if name == "ring":
        pen.polygon(place(FIGURES["circle"], x, y, 0.6 * radius, 0), fill=0)
    image.paste(fill, mask=mask)


def scene(name, seed):
    dice = random.Random(f"{name} {seed}")
    base = colour(dice)
    image, draw = background(dice, base)
    for _ in range(dice.randint(6, 14)):
        x, y, radius = dice.uniform(0, SIDE * SCALE), dice.uniform(0, SIDE * SCALE), dice.uniform(3, 10)
        draw.ellipse([x - radius, y - radius, x + radius, y + radius], fill=colour(dice))
    draw_figure(image, dice, name, distinct(dice, base))
    return image.resize((SIDE, SIDE), Image.LANCZOS)


def main():
    folder, count = sys.argv[1], int(sys.argv[2])
    for name in FIGURES:
        os.makedirs(os.path.join(folder, name), exist_ok=True)
        for seed in range(count):
            scene(name, seed).save(os.path.join(folder, name, f"{seed:04}.png"))


main()
