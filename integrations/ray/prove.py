#!/usr/bin/env python3
"""Explains a folder on four workers of this machine, kills one of them, and checks that every image came once.

    python3 prove.py explainer.onnx photos/ --out results/ [--limit 200] [--workers 4] [--crops 8 --crops-out crops.json]

Ends with 1 where an image is missing, came twice or failed, or where no worker could be killed while others were at
work. `--crops-out` keeps what the networks saw of some images, and their maps, so that ptame can explain the same pixels.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as parquet
import ray

from ptame_ray import explain_dataset, read_images


def kill_one(out: Path, done: threading.Event, killed: list[int]) -> None:
    """Kills the worker that wrote the first results; it names itself in them."""
    while not done.is_set():
        for file in sorted(out.glob("*.parquet")):
            try:
                worker = parquet.read_table(file, columns=["worker"]).column("worker")[0].as_py()
                os.kill(worker, signal.SIGKILL)
            except (OSError, ValueError, IndexError):
                continue  # Being written, or already gone.
            killed.append(worker)
            return
        time.sleep(0.05)


def kept(row: dict) -> dict:
    """A row for `--crops-out`: pixels and map as base64 of their bytes."""
    return {
        "name": row["name"],
        "index": int(row["index"]),
        "probability": float(row["probability"]),
        "crop": base64.b64encode(row["crop"].tobytes()).decode(),
        "cropShape": list(row["crop"].shape),
        "map": base64.b64encode(row["map"].tobytes()).decode(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("explainer")
    parser.add_argument("images")
    parser.add_argument("--out", required=True)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--crops", type=int, default=8)
    parser.add_argument("--crops-out")
    options = parser.parse_args()
    out = Path(options.out)
    explainer = Path(options.explainer).read_bytes()
    ray.init(num_cpus=options.workers + 1, include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False

    images = read_images(options.images, options.limit).materialize()
    names = {row["name"] for row in images.select_columns(["name"]).iter_rows()}
    if options.crops_out:
        few = explain_dataset(images.limit(options.crops), explainer, workers=1, crops=True)
        Path(options.crops_out).write_text(json.dumps([kept(row) for row in few.iter_rows()]))

    killed: list[int] = []
    done = threading.Event()
    killer = threading.Thread(target=kill_one, args=(out, done, killed))
    killer.start()
    explain_dataset(images, explainer, workers=options.workers, batch=4).write_parquet(str(out))
    done.set()
    killer.join()

    written = ray.data.read_parquet(str(out)).select_columns(["name", "error", "worker"]).to_pandas()
    counts = Counter(written["name"])
    missing, twice = names - set(counts), [name for name, count in counts.items() if count > 1]
    failed = int((written["error"] != "").sum())
    workers = written["worker"].nunique()
    print(
        f"{len(names)} images, {options.workers} workers, {len(killed)} killed, {workers} processes wrote results: "
        f"{len(missing)} missing, {len(twice)} twice, {failed} failed"
    )
    return int(bool(missing or twice or failed) or not killed)


if __name__ == "__main__":
    sys.exit(main())
