"""`ptame-ray explainer.onnx photos/ --out explained/`: results as Parquet files. `ptame-ray train --help` trains."""

from __future__ import annotations

import argparse
import os
import sys

import ray

from .explain import PROVIDERS, explain_dataset
from .files import files_below, names_done, read_images
from .whole_images import with_crop


def main(given: list[str] | None = None) -> int:
    """Explains a folder; gives the exit code: 1 where an image could not be read."""
    words = sys.argv[1:] if given is None else given
    if words[:1] == ["train"]:
        # It needs Ray Train and PyTorch, which explaining does not.
        from .training.train import main as train

        return train(words[1:])
    parser = argparse.ArgumentParser(prog="ptame-ray", description=__doc__)
    parser.add_argument("explainer", help="file of `ptame models export`")
    parser.add_argument("images", help="folder, or prefix of an object store that Ray reads")
    parser.add_argument("--out", required=True, help="folder or prefix for the Parquet files")
    parser.add_argument("--resume", action="store_true", help="go on in a used --out: explain what it lacks")
    parser.add_argument("--workers", type=int, default=4, help="actors, each with a session (4)")
    parser.add_argument("--device", choices=sorted(PROVIDERS), default="cpu")
    parser.add_argument("--batch", type=int, default=16, help="images that a worker takes at a time (16)")
    parser.add_argument("--limit", type=int, help="explain at most so many images")
    options = parser.parse_args(words)
    try:
        if not options.resume and files_below(options.out)[2]:
            parser.error(f"{options.out} is not empty: add --resume to go on there, or name another folder")
        with open(options.explainer, "rb") as file:
            explainer = file.read()
        # Refused before a cluster is started.
        with_crop(explainer)
        # A cluster that exists is used; where there is none, one of this machine. One more than the workers, which hold
        # theirs until the end: reading and writing need one, too.
        if not ray.is_initialized():
            address = os.environ.get("RAY_ADDRESS")
            ray.init(**({"address": address} if address else {"num_cpus": options.workers + 1}))
        done = names_done(options.out) if options.resume else set()
        images = read_images(options.images, options.limit, done)
        if images is not None:
            results = explain_dataset(
                images, explainer, workers=options.workers, device=options.device, batch=options.batch
            )
            results.write_parquet(options.out)
    except (OSError, ValueError) as error:
        print(f"ptame-ray: {error}", file=sys.stderr)
        return 1
    written = ray.data.read_parquet(options.out).select_columns(["error"]).to_pandas()
    failed = int((written["error"] != "").sum())
    before = f", {len(done)} of them by earlier runs" if done else ""
    print(f"{len(written)} images explained into {options.out}{before}; {failed} of them could not be read")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
