#!/usr/bin/env python3
"""Takes the steps of an exported step on two workers of Ray Train, kills one of them, and compares with one worker.

    python3 prove_train.py step/ head.checkpoint.safetensors --out results/ [--steps 50] [--kill-in 23] [--workers 2]

The checkpoint is not changed. Worker 1 gets SIGKILL in the middle of a step between two checkpoints. `results/` then has
the checkpoints one.safetensors and many.safetensors. Ends with 1 where their parameters differ by more than 1e-5, or
where nobody was killed or the run did not begin again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import ray

from ptame_ray.training.exchange import Alone, Together
from ptame_ray.training.step import read_run
from ptame_ray.training.train import load, take_steps, train

CLOSE = 1e-5


def loop(options: dict) -> None:
    """A worker that notes where it begins; worker 1 kills its first process between two graphs of a step."""
    out, run = Path(options["out"]), read_run(options["step"])
    begins = load(options["checkpoint"], run).record["step"]

    class Mortal(Together):
        calls = 0

        def average(self, sums: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            # Three exchanges a step: statistics, their gradients, the parameters' gradients.
            self.calls += 1
            if self.rank == 1 and begins + self.calls // 3 + 1 == options["kill_in"] and self.calls % 3 == 2:
                if not (out / "killed").exists():
                    (out / "killed").write_text(str(os.getpid()))
                    os.kill(os.getpid(), signal.SIGKILL)
            return super().average(sums)

    exchange = Mortal()
    (out / f"begun_{exchange.rank}_{begins}_{os.getpid()}").touch()
    take_steps(options, exchange, ray.train.report)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("step")
    parser.add_argument("checkpoint")
    parser.add_argument("--out", required=True)
    parser.add_argument("--images")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--kill-in", type=int, default=23)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    out = Path(given.out).absolute()
    out.mkdir(parents=True, exist_ok=True)
    run = read_run(given.step)
    options = {
        "step": os.path.abspath(given.step),
        "images": os.path.abspath(given.images or run["images"]["folder"] or "."),
        "until": given.steps,
        "every": 5,
        "device": "cpu",
        "threads": 1,
    }
    one, many = str(out / "one.safetensors"), str(out / "many.safetensors")
    for path in (one, many):
        shutil.copyfile(given.checkpoint, path)
    take_steps({**options, "checkpoint": one}, Alone())
    ray.init(num_cpus=given.workers + 1, include_dashboard=False, log_to_driver=False)
    more = {"checkpoint": many, "storage": str(out / "ray"), "out": str(out), "kill_in": given.kill_in}
    train({**options, **more}, given.workers, retries=1, loop=loop)

    a, b = load(one, run), load(many, run)
    away = max(float(np.abs(a.state[name] - b.state[name]).max()) for name in a.state if name.startswith("head."))
    killed = (out / "killed").exists()
    begun = sorted({int(path.name.split("_")[2]) for path in out.glob("begun_*")})
    print(
        f"{b.record['step']} steps on {given.workers} workers, {int(killed)} killed in step {given.kill_in}, begun at "
        f"steps {begun}: parameters at most {away:.1e} from one worker's"
    )
    whole = a.record["step"] == b.record["step"] == given.steps and a.record["position"] == b.record["position"]
    return int(not (whole and killed and len(begun) == 2 and away <= CLOSE))


if __name__ == "__main__":
    sys.exit(main())
