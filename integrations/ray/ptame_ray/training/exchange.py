"""What workers tell each other between the graphs of a step."""

from __future__ import annotations

from typing import Any

import numpy as np


class Alone:
    """One worker, which need not ask anybody."""

    rank, workers = 0, 1

    def average(self, sums: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The mean over the workers of each array; all workers give the same names."""
        return sums

    def gather(self, mine: Any) -> list[Any]:
        """What each worker gives, in the order of the ranks."""
        return [mine]


class Together(Alone):
    """The workers of a group of torch.distributed, which is already open. Sums are made in float64 by gloo."""

    def __init__(self) -> None:
        from torch import distributed

        self.rank, self.workers = distributed.get_rank(), distributed.get_world_size()

    def average(self, sums: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        import torch
        from torch import distributed

        flat = np.concatenate([np.asarray(array, np.float64).ravel() for array in sums.values()])
        distributed.all_reduce(torch.from_numpy(flat))
        flat /= self.workers
        ends = np.cumsum([np.size(array) for array in sums.values()])[:-1]
        parts = np.split(flat, ends)
        return {name: part.reshape(np.shape(array)) for (name, array), part in zip(sums.items(), parts)}

    def gather(self, mine: Any) -> list[Any]:
        from torch import distributed

        given: list[Any] = [None] * self.workers
        distributed.all_gather_object(given, mine)
        return given
