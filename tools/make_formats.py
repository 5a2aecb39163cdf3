#!/usr/bin/env python3
"""Writes images in many formats with Pillow, and beside each what Pillow reads of it. tools/list_formats.ts calls it.

    python3 tools/make_formats.py FOLDER

Needs Pillow 12 or newer of PyPI; with pillow-heif and pillow-jxl-plugin, HEIC and JPEG XL too. What is read: upright, the
first frame, over white, RGB. list.json names every file, how it was made, and its size.
"""

import io
import json
import pathlib
import sys
import warnings

import numpy as np
from PIL import Image, ImageCms, ImageOps

warnings.simplefilter("ignore")
PLUGINS = []
for plugin in ("pillow_heif", "pillow_jxl"):
    try:
        module = __import__(plugin)
        if plugin == "pillow_heif":
            module.register_heif_opener()
        PLUGINS.append(plugin)
    except ImportError:
        pass

FOLDER = pathlib.Path(sys.argv[1])
SAMPLE = pathlib.Path(__file__).parent.parent / "models/sample/chelsea.jpg"
SIZES = [(97, 64), (33, 41)]


#: Apple's Display P3, as the fixtures of colours have it.
P3 = Image.open(pathlib.Path(__file__).parent.parent / "tests/fixtures/image/color/p3.png").info["icc_profile"]
SRGB = ImageCms.createProfile("sRGB")


def read(path):
    """The pixels as the module's rule has them: upright, over white, in sRGB, 16-bit samples by their high byte."""
    image = Image.open(path)
    image.load()
    profile = image.info.get("icc_profile")
    if profile and image.mode == "RGB":
        image = ImageCms.profileToProfile(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), SRGB)
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        return np.repeat((np.asarray(image).astype(np.int64) >> 8).astype(np.uint8)[..., None], 3, 2)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        pixels = np.asarray(image.convert("RGBA")).astype(float)
        alpha = pixels[..., 3:]
        return np.floor((pixels[..., :3] * alpha + 255 * (255 - alpha)) / 255 + 0.5).astype(np.uint8)
    return np.asarray(image.convert("RGB"))


def variants():
    """Yields name, how it is saved, the image, and the arguments of save."""
    for width, height in SIZES:
        rgb = Image.open(SAMPLE).convert("RGB").resize((width, height))
        rgba = rgb.copy()
        rgba.putalpha(rgb.convert("L"))
        grey16 = Image.fromarray((np.asarray(rgb.convert("L")).astype(np.uint16) * 257))
        modes = {
            "rgb": rgb,
            "rgba": rgba,
            "grey": rgb.convert("L"),
            "grey and alpha": rgba.convert("LA"),
            "palette": rgb.convert("P", palette=Image.Palette.ADAPTIVE),
            "black and white": rgb.convert("1"),
            "CMYK": rgb.convert("CMYK"),
            "16-bit grey": grey16,
        }
        size = f"{width}x{height}"
        for mode in ("rgb", "grey", "CMYK"):
            for quality in (30, 90):
                for options in ({}, {"progressive": True}, {"subsampling": 0}, {"subsampling": 1}, {"restart_marker_rows": 1}):
                    yield "jpg", f"{mode}, quality {quality}, {options}, {size}", modes[mode], {"quality": quality, **options}
        for turn in range(1, 9):
            exif = Image.Exif()
            exif[274] = turn
            for ending in ("jpg", "png", "webp", "tif", "avif"):
                yield ending, f"rgb, orientation {turn}, {size}", rgb, {"exif": exif}
        for mode in ("rgb", "rgba", "grey", "grey and alpha", "palette", "black and white", "16-bit grey"):
            for level in (1, 9):
                yield "png", f"{mode}, level {level}, {size}", modes[mode], {"compress_level": level}
        for mode in ("rgb", "rgba", "grey", "palette", "black and white", "CMYK", "16-bit grey"):
            for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4", "zstd", "lzma", "webp"):
                yield "tif", f"{mode}, {compression or 'raw'}, {size}", modes[mode], {"compression": compression} if compression else {}
        yield "tif", f"rgb, BigTIFF, {size}", rgb, {"big_tiff": True}
        for mode in ("rgb", "rgba"):
            for options in ({"quality": 40}, {"quality": 90}, {"lossless": True}, {"quality": 80, "method": 6}):
                yield "webp", f"{mode}, {options}, {size}", modes[mode], options
            for options in ({"quality": 50}, {"quality": 90}, {"quality": 90, "subsampling": "4:4:4"}):
                yield "avif", f"{mode}, {options}, {size}", modes[mode], options
            for options in ({"quality": 50}, {"quality": 90}):
                yield "heic", f"{mode}, {options}, {size}", modes[mode], options
            for options in ({"quality": 90}, {"lossless": True}):
                yield "jxl", f"{mode}, {options}, {size}", modes[mode], options
            for options in ({}, {"quality_mode": "rates", "quality_layers": [20], "irreversible": True}):
                yield "jp2", f"{mode}, {options}, {size}", modes[mode], options
        for mode in ("rgb", "grey", "palette", "black and white"):
            yield "bmp", f"{mode}, {size}", modes[mode], {}
            for interlace in (0, 1):
                yield "gif", f"{mode}, interlace {interlace}, {size}", modes[mode], {"interlace": interlace}
        yield "gif", f"palette, three frames, {size}", modes["palette"], {
            "save_all": True,
            "append_images": [ImageOps.mirror(modes["palette"])] * 2,
        }
        for ending, mode in (("ppm", "rgb"), ("pgm", "grey"), ("pbm", "black and white"), ("pgm", "16-bit grey")):
            yield ending, f"{mode}, {size}", modes[mode], {}
        for bitmap in ("png", "bmp"):
            yield "ico", f"rgba, {bitmap} inside, {size}", rgba.resize((32, 32)), {"bitmap_format": bitmap, "sizes": [(32, 32)]}
        for ending in ("tga", "pcx", "sgi", "dds"):
            for mode in ("rgb", "grey", "palette", "rgba"):
                yield ending, f"{mode}, {size}", modes[mode], {}
        yield "tga", f"rgb, runs, {size}", rgb, {"compression": "tga_rle"}
        for ending in ("eps", "pdf"):
            yield ending, f"rgb, {size}", rgb, {}
        for ending, options in (("jpg", {}), ("png", {}), ("webp", {"lossless": True}), ("avif", {"quality": 90}), ("heic", {"quality": 90}), ("tif", {})):
            yield ending, f"rgb, Display P3, {size}", rgb, {**options, "icc_profile": P3}
        yield "webp", f"rgb, three frames, {size}", rgb, {"save_all": True, "append_images": [ImageOps.mirror(rgb)] * 2, "lossless": True}


FOLDER.mkdir(parents=True, exist_ok=True)
found = []
for number, (ending, how, image, options) in enumerate(variants()):
    path = FOLDER / f"{number:03d}.{ending}"
    try:
        image.save(path, **options)
        pixels = None if ending in ("eps", "pdf") else read(path)
    except (OSError, KeyError, ValueError, SystemError):
        # Pillow does not write this one.
        path.unlink(missing_ok=True)
        continue
    entry = {"file": path.name, "ending": ending, "how": how.replace("{}", "usual").replace("{", "").replace("}", "")}
    if pixels is not None:
        (FOLDER / f"{path.name}.rgb").write_bytes(pixels.tobytes())
        entry["width"], entry["height"] = pixels.shape[1], pixels.shape[0]
    found.append(entry)
(FOLDER / "list.json").write_text(json.dumps({"pillow": Image.__version__, "plugins": PLUGINS, "files": found}))
