#!/usr/bin/python3
"""Prints the tables of src/image/_colormap_data.ts: matplotlib's inferno and viridis (CC0), 256 RGB bytes each.

    /usr/bin/python3 tools/make_colormaps.py > src/image/_colormap_data.ts
"""

import base64

import matplotlib
import numpy as np

print('''/**
 * The tables of matplotlib's inferno and viridis (by Nathaniel J. Smith, Stefan van der Walt and Eric Firing, CC0):
 * 256 colours each, red, green, blue, in base64. Written by tools/make_colormaps.py.
 *
 * @module
 */
''')
for name in ["inferno", "viridis"]:
    table = np.round(matplotlib.colormaps[name](np.arange(256))[:, :3] * 255).astype(np.uint8)
    text = base64.b64encode(table.tobytes()).decode()
    print(f"/** 256 colours of {name}, base64 of RGB bytes. */")
    print(f"export const {name.upper()}: string =")
    lines = [text[i : i + 104] for i in range(0, len(text), 104)]
    print(" +\n".join(f'  "{line}"' for line in lines) + ";")
    if name == "inferno":
        print()
