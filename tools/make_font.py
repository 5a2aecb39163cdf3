#!/usr/bin/python3
"""Writes src/image/_font_data.ts: DejaVu Sans drawn once at 44 pixels, for runtimes that cannot draw text.

    /usr/bin/python3 tools/make_font.py [DejaVuSans.ttf] > src/image/_font_data.ts

One 4-bit grey PNG holds all glyphs side by side. DejaVu's licence (Bitstream Vera's, and public domain) allows it.
"""

import base64
import struct
import sys
import zlib

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = 44
CHARACTERS = "".join(map(chr, range(0x21, 0x7F))) + "".join(map(chr, range(0xA1, 0x100))).replace("\xad", "")
CHARACTERS += "…–—‘’“”•−→"
FONT = sys.argv[1] if len(sys.argv) > 1 else "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"


def png4(array):
    """A 4-bit grey PNG; the width must be even."""
    height, width = array.shape
    packed = (array[:, 0::2] << 4 | array[:, 1::2]).astype(np.uint8)
    rows = b"".join(b"\0" + row.tobytes() for row in packed)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 4, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


font = ImageFont.truetype(FONT, SIZE)
ascent, descent = font.getmetrics()
glyphs, metrics, at = [], [], 0
for character in CHARACTERS:
    left, _, right, _ = font.getbbox(character, anchor="ls")
    width = max(1, right - left)
    image = Image.new("L", (width, ascent + descent), 0)
    ImageDraw.Draw(image).text((-left, ascent), character, fill=255, font=font, anchor="ls")
    glyphs.append(np.asarray(image))
    metrics.append((width, left, round(font.getlength(character) * 10) / 10))
    at += width
strip = np.concatenate(glyphs + [np.zeros((ascent + descent, at % 2), np.uint8)], axis=1)
strip = np.round(strip / 17.0).astype(np.uint8)

print('''/**
 * DejaVu Sans as a picture, written by tools/make_font.py. DejaVu fonts are free: Bitstream Vera's licence, changes
 * in the public domain; see NOTICE.
 *
 * @module
 */
''')
print("/** Pixels per em at which the glyphs were drawn. */")
print(f"export const FONT_SIZE = {SIZE};\n")
print("/** Pixels from the top of a glyph's cell to the baseline. */")
print(f"export const FONT_ASCENT = {ascent};\n")
print("/** Advance of the space, in pixels. */")
print(f"export const SPACE_ADVANCE = {round(font.getlength(' ') * 10) / 10};\n")
print("/** The characters, in the order of their glyphs. */")
escaped = CHARACTERS.replace("\\", "\\\\").replace('"', '\\"')
print(f'export const CHARACTERS: string =\n  "{escaped}";\n')
print("/** For each glyph: width, offset of its left edge from the pen, advance; in pixels, separated by blanks. */")
text = " ".join(f"{w},{l},{a:g}" for w, l, a in metrics)


def literal(text):
    lines = [text[i : i + 104] for i in range(0, len(text), 104)]
    return " +\n".join(f'  "{line}"' for line in lines) + ";"


print("export const METRICS: string =")
print(literal(text) + "\n")
print("/** All glyphs side by side: a 4-bit grey PNG in base64. */")
print("export const GLYPHS: string =")
print(literal(base64.b64encode(png4(strip)).decode()))
