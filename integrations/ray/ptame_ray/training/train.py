"""`ptame-ray train step/ --checkpoint head.checkpoint.safetensors`: the steps of a run, on several workers together.

The folder and the checkpoint are those that `ptame train --export-step` wrote. Each worker takes its part of every
batch. The checkpoint is read at the start and written every so many steps, so that a run that lost a worker goes on
from it, as does `ptame train --resume`, which validates the head and writes it.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Callable

import ray
from pyarrow import fs
from ray.train import FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchConfig, TorchTrainer

from ..explain import PROVIDERS
from .batches import Batches, read_bytes
from .checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from .exchange import Alone, Together
from .step import Step, check_workers, read_run, state_names


def save(path: str, data: bytes) -> None:
    """Writes a checkpoint completely or not at all; on a disk the one before is kept as PATH.previous."""
    if "://" in path:
        filesystem, inside = fs.FileSystem.from_uri(path)
        with filesystem.open_output_stream(inside) as stream:
            stream.write(data)
        return
    beside = f"{path}.{os.getpid()}.partial"
    with open(beside, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if os.path.exists(path):
        os.replace(path, f"{path}.previous")
    os.replace(beside, path)


def load(path: str, run: dict) -> Checkpoint:
    """Reads the checkpoint of a run.

    Raises ValueError when it is damaged, or of another run.
    """
    if "://" not in path and not os.path.exists(path) and os.path.exists(f"{path}.previous"):
        path = f"{path}.previous"  # A worker was killed between two renames.
    try:
        return read_checkpoint(read_bytes(path), state_names(run))
    except ValueError as cause:
        raise ValueError(f"Cannot read checkpoint {path}: {cause}") from cause


def take_steps(options: dict, exchange: Alone, report: Callable[[dict], None] = lambda metrics: None) -> None:
    """One worker's part of a run, from the checkpoint to `until`; worker 0 writes the checkpoints.

    `options`: "step", the folder; "checkpoint"; "images", their folder; "until", the last step; "every", the steps
    between checkpoints; "device" and "threads".
    """
    run = read_run(options["step"])
    # All begin with what worker 0 read.
    checkpoint: Checkpoint = exchange.gather(load(options["checkpoint"], run) if exchange.rank == 0 else None)[0]
    record = checkpoint.record
    step = Step(options["step"], checkpoint.state, exchange, options["device"], options["threads"])
    batches = Batches(run, options["images"], record["position"], exchange, options["threads"])
    names = run["images"]["names"]
    for done in range(record["step"], options["until"]):
        batch = batches.next(more=done + 1 < options["until"])
        terms = step.take(batch, done, checkpoint.classes)
        record["step"], record["position"] = done + 1, batches.position
        record["losses"].append({"step": done + 1, **terms})
        if (done + 1) % options["every"] and done + 1 != options["until"]:
            continue
        if exchange.rank == 0:
            known = {each["image"] for each in record.setdefault("skipped", [])}
            found = [(run["images"]["folder"] + names[index], why) for index, why in batches.skipped.items()]
            record["skipped"] += [{"image": name, "reason": why} for name, why in found if name not in known]
            checkpoint.state = step.state
            save(options["checkpoint"], write_checkpoint(checkpoint))
        report({"step": done + 1, "loss": terms["total"]})


def worker(options: dict) -> None:
    """What Ray Train runs in each worker: it has opened the group of torch.distributed."""
    # Ray shows what is reported where the run was started.
    take_steps(options, Together(), ray.train.report)


def train(options: dict, workers: int, retries: int, loop: Callable[[dict], None] = worker) -> None:
    """Starts the workers by Ray Train; where one is lost, all begin again from the checkpoint, `retries` times at most."""
    TorchTrainer(
        loop,
        train_loop_config=options,
        torch_config=TorchConfig(backend="gloo"),
        scaling_config=ScalingConfig(num_workers=workers, use_gpu=options["device"] == "cuda"),
        run_config=RunConfig(failure_config=FailureConfig(max_failures=retries), storage_path=options["storage"]),
    ).fit()


def resolved(place: str) -> str:
    """A path that is the same in every worker."""
    return place if "://" in place else os.path.abspath(place)


def main(given: list[str] | None = None) -> int:
    """Takes the steps; gives the exit code."""
    parser = argparse.ArgumentParser(prog="ptame-ray train", description=__doc__)
    parser.add_argument("step", help="folder that `ptame train --export-step` wrote; all workers read it")
    parser.add_argument("--checkpoint", required=True, help="the run's state: read, and written again; for all workers")
    parser.add_argument("--images", help="folder of the images, if it is another than at the export")
    parser.add_argument("--workers", type=int, default=2, help="processes that share each batch (2)")
    parser.add_argument("--device", choices=sorted(PROVIDERS), default="cpu")
    parser.add_argument("--threads", type=int, default=1, help="threads of each worker (1)")
    parser.add_argument("--until", type=int, help="stop after this step; by default the run's last")
    parser.add_argument("--checkpoint-every", type=int, help="steps between checkpoints; by default as exported")
    parser.add_argument("--retries", type=int, default=3, help="how often lost workers are replaced (3)")
    parser.add_argument("--storage", help="where Ray keeps its own files; by default ~/ray_results")
    options = parser.parse_args(given)
    try:
        run = read_run(options.step)
        check_workers(run, options.workers)
        record = load(options.checkpoint, run).record
        until = min(options.until or run["steps"], run["steps"])
        if record["step"] < until:
            if not ray.is_initialized():
                address = os.environ.get("RAY_ADDRESS")
                ray.init(**({"address": address} if address else {"num_cpus": options.workers + 1}))
            config = {
                "step": resolved(options.step),
                "checkpoint": resolved(options.checkpoint),
                "images": resolved(options.images or run["images"]["folder"] or "."),
                "until": until,
                "every": options.checkpoint_every or run["checkpointEvery"],
                "device": options.device,
                "threads": options.threads,
                "storage": options.storage,
            }
            train(config, options.workers, options.retries)
        record = load(options.checkpoint, run).record
    except (OSError, ValueError, ray.train.TrainingFailedError) as error:
        print(f"ptame-ray train: {error}", file=sys.stderr)
        return 1
    loss = f", loss {record['losses'][-1]['total']:.4f}" if record["losses"] else ""
    print(f"{record['step']} of {run['steps']} steps are in {options.checkpoint}{loss}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
