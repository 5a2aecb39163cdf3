"""Checkpoints of ptame: safetensors files with the record of the run in their metadata and a seal over all bytes."""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass, field

import numpy as np

FORMAT = "ptame-checkpoint"
VERSION = 1
UNSEALED = b"0" * 64
TYPES = {"F32": np.float32, "I32": np.int32, "U8": np.uint8, "I64": np.int64}
NAMES = {np.dtype(kind): name for name, kind in TYPES.items()}


def read_tensors(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The tensors of a safetensors file, and its metadata.

    Raises ValueError when it is none.
    """
    try:
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])
        metadata = header.pop("__metadata__", {})
        tensors = {}
        for name, entry in header.items():
            start, end = entry["data_offsets"]
            flat = np.frombuffer(data[8 + length + start : 8 + length + end], TYPES[entry["dtype"]])
            tensors[name] = flat.reshape(entry["shape"])
    except (KeyError, TypeError, ValueError, struct.error) as cause:
        raise ValueError(f"it is no safetensors file: {cause}") from cause
    return tensors, metadata


def write_tensors(tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> bytes:
    """A safetensors file; larger elements come first, so that each tensor is aligned."""
    header: dict[str, object] = {"__metadata__": metadata}
    parts: list[bytes] = []
    offset = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: -item[1].dtype.itemsize):
        part = np.ascontiguousarray(tensor).tobytes()
        header[name] = {
            "dtype": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(part)],
        }
        parts.append(part)
        offset += len(part)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def place_of_seal(data: bytes) -> int:
    """Where the seal's digits begin."""
    (length,) = struct.unpack("<Q", data[:8])
    at = data.find(b'"seal":"', 8, 8 + length)
    if at < 0:
        raise ValueError("it has no seal")
    return at + len(b'"seal":"')


@dataclass
class Checkpoint:
    """A run on disk. `state` has what the optimiser's graph takes and gives; `others` is kept as it is."""

    record: dict
    state: dict[str, np.ndarray]
    others: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def classes(self) -> np.ndarray | None:
        """The top classes of each image, if they were sorted, [images, 5]."""
        return self.others.get("image_classes")


def read_checkpoint(data: bytes, names: list[str]) -> Checkpoint:
    """A checkpoint whose state has these names.

    Raises ValueError when it is damaged, newer or none.
    """
    tensors, metadata = read_tensors(data)
    if metadata.get("format") != FORMAT:
        raise ValueError(f"its metadata do not say format {FORMAT}")
    if int(metadata.get("version", "0")) != VERSION:
        raise ValueError(f"it is of format version {metadata.get('version', '0')}, this program reads {VERSION}")
    at = place_of_seal(data)
    digest = hashlib.sha256(data[:at] + UNSEALED + data[at + 64 :]).hexdigest()
    if digest != metadata["seal"]:
        raise ValueError("it does not match its own SHA-256: the file is damaged")
    missing = [name for name in names if name not in tensors]
    if missing:
        raise ValueError(f"it is of another run: it has no {missing[0]}")
    state = {name: tensors.pop(name) for name in names}
    return Checkpoint(json.loads(metadata["record"]), state, tensors)


def write_checkpoint(checkpoint: Checkpoint) -> bytes:
    """The checkpoint as ptame reads it, sealed."""
    record = json.dumps(checkpoint.record, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    metadata = {"seal": UNSEALED.decode(), "version": str(VERSION), "format": FORMAT, "record": record}
    data = write_tensors({**checkpoint.state, **checkpoint.others}, metadata)
    at = place_of_seal(data)
    return data[:at] + hashlib.sha256(data).hexdigest().encode() + data[at + 64 :]
