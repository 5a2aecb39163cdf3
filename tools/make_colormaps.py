#!/usr/bin/python3
"""Prints the tables of src/image/_colormap_data.ts: colour maps of matplotlib, 256 RGB bytes each.

    python3 tools/make_colormaps.py > src/image/_colormap_data.ts && deno fmt src/image/_colormap_data.ts

Needs matplotlib 3.6 or newer. inferno, viridis, magma and cividis are CC0 1.0; turbo is under the Apache License 2.0.
"""

import base64

import matplotlib
import numpy as np

print('''/**
 * Tables of colours: 256 each, red, green, blue, in base64. Written by tools/make_colormaps.py from matplotlib. The
 * first four are by Nathaniel J. Smith, Stefan van der Walt and Eric Firing, cividis by Jamie R. Nuñez, Christopher R.
 * Anderton and Ryan S. Renslow (CC0 1.0); turbo is by Anton Mikhailov (Google, Apache License 2.0).
 *
 * @module
 */

/** Base64 of RGB bytes by name. */
export const COLOUR_TABLES = {''')
for name in ["inferno", "viridis", "magma", "cividis", "turbo"]:
    table = np.round(matplotlib.colormaps[name](np.arange(256))[:, :3] * 255).astype(np.uint8)
    text = base64.b64encode(table.tobytes()).decode()
    lines = [text[i : i + 102] for i in range(0, len(text), 102)]
    print(f"  {name}:")
    print(" +\n".join(f'    "{line}"' for line in lines) + ",")
print("} as const;")
