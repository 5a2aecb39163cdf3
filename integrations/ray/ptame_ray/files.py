"""Images below a folder, and what earlier runs wrote: on a disk or in an object store, as pyarrow reads them."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import Collection

import pyarrow.parquet as parquet
import ray
from pyarrow import ArrowException, fs

PATTERNS = ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff"]

BLOCK = 16
"""Images of a block: what a worker does again if another one dies."""


def files_below(place: str) -> tuple[fs.FileSystem, str, list[str]]:
    """The file system of a place, its path there, and the files below it, sorted by their paths relative to it."""
    filesystem, root = fs.FileSystem.from_uri(place if "://" in place else os.path.abspath(place))
    found = filesystem.get_file_info(fs.FileSelector(root, allow_not_found=True, recursive=True))
    names = sorted(str(PurePosixPath(info.path).relative_to(root)) for info in found if info.is_file)
    return filesystem, root, names


def read_images(folder: str, limit: int | None = None, done: Collection[str] = ()) -> ray.data.Dataset | None:
    """The images below a folder (or object store's prefix) as rows of "name", relative to it, and "bytes".

    In the order of their names, at most `limit`, without those that are done; None where all are.

    Raises FileNotFoundError where there is none.
    """
    filesystem, root, names = files_below(folder)
    images = [name for name in names if PurePosixPath(name).suffix[1:].lower() in PATTERNS][:limit]
    if not images:
        raise FileNotFoundError(f"No images below {folder}: {', '.join(PATTERNS)} are read")
    left = [f"{root}/{name}" for name in images if name not in done]
    if not left:
        return None
    found = ray.data.read_binary_files(
        left, filesystem=filesystem, include_paths=True, override_num_blocks=max(1, len(left) // BLOCK)
    )

    def relative(batch: dict) -> dict:
        names = [str(PurePosixPath(path).relative_to(root)) for path in batch["path"]]
        return {"name": names, "bytes": batch["bytes"]}

    return found.map_batches(relative)


def names_done(out: str) -> set[str]:
    """The names in the Parquet files of earlier runs. A file that a stopped run left unfinished is removed."""
    filesystem, root, files = files_below(out)
    done: set[str] = set()
    for file in files:
        if not file.endswith(".parquet"):
            continue
        try:
            table = parquet.read_table(f"{root}/{file}", columns=["name"], filesystem=filesystem)
        except (ArrowException, OSError):
            filesystem.delete_file(f"{root}/{file}")
            continue
        done.update(table.column("name").to_pylist())
    return done
