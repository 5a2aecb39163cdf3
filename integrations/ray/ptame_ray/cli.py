"""`ptame-ray explainer.onnx photos/ --out explained/`: results as Parquet files."""

from __future__ import annotations

import argparse
import os
import sys

import ray

from .explain import PROVIDERS, explain_dataset, read_images
from .whole_images import with_crop


def main(given: list[str] | None = None) -> int:
    """Explains a folder; gives the exit code: 1 where an image could not be read."""
    parser = argparse.ArgumentParser(prog="ptame-ray", description=__doc__)
    parser.add_argument("explainer", help="file of `ptame models export`")
    parser.add_argument("images", help="folder, or prefix of an object store that Ray reads")
    parser.add_argument("--out", required=True, help="folder or prefix for the Parquet files; a new one")
    parser.add_argument("--workers", type=int, default=4, help="actors, each with a session (4)")
    parser.add_argument("--device", choices=sorted(PROVIDERS), default="cpu")
    parser.add_argument("--batch", type=int, default=16, help="images that a worker takes at a time (16)")
    parser.add_argument("--limit", type=int, help="explain at most so many images")
    options = parser.parse_args(given)
    if os.path.isdir(options.out) and os.listdir(options.out):
        parser.error(f"{options.out} is not empty: results of two runs would be one data set; name another folder")
    try:
        with open(options.explainer, "rb") as file:
            explainer = file.read()
        # Refused before a cluster is started.
        with_crop(explainer)
        # A cluster that exists is used; where there is none, one of this machine. One more than the workers, which hold
        # theirs until the end: reading and writing need one, too.
        if not ray.is_initialized():
            address = os.environ.get("RAY_ADDRESS")
            ray.init(**({"address": address} if address else {"num_cpus": options.workers + 1}))
        images = read_images(options.images, options.limit)
        results = explain_dataset(
            images, explainer, workers=options.workers, device=options.device, batch=options.batch
        )
        results.write_parquet(options.out)
    except (OSError, ValueError) as error:
        print(f"ptame-ray: {error}", file=sys.stderr)
        return 1
    written = ray.data.read_parquet(options.out).select_columns(["error"]).to_pandas()
    failed = int((written["error"] != "").sum())
    print(f"{len(written)} images explained into {options.out}, {failed} of them could not be read")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
