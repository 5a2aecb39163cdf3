"""The images of a run, batch by batch; each worker reads its own part."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from pyarrow import fs

from .crops import augment, decode
from .draws import Stream, epoch_order
from .exchange import Alone


def read_bytes(place: str) -> bytes:
    """A file of this machine, or of a store that pyarrow reads."""
    if "://" not in place:
        with open(place, "rb") as file:
            return file.read()
    filesystem, path = fs.FileSystem.from_uri(place)
    with filesystem.open_input_stream(path) as stream:
        return stream.read()


@dataclass
class Batch:
    """A worker's part of a batch."""

    pixels: list[np.ndarray]
    """[images, 3, S, S] in [0, 1] for each crop: the backbone's, and the auxiliary's if it differs."""
    images: list[int]
    """Their indices in the list of the run."""


class Batches:
    """Reads batches one after the other, each worker its part, and the next one ahead."""

    def __init__(self, run: dict, folder: str, position: int, exchange: Alone, threads: int) -> None:
        self.run, self.folder, self.exchange = run, folder, exchange
        self.position = position
        """Images taken so far by all workers, unreadable ones included."""
        self.skipped: dict[int, str] = {}
        """Why images could not be read, by their indices."""
        self.part = run["batch"] // exchange.workers
        self.pool = ThreadPoolExecutor(max(1, threads))
        self.asked: dict[int, Future] = {}
        self.epoch, self.order = -1, []

    def image_at(self, place: int) -> int:
        """The image at a position of the run."""
        use = self.run["use"]
        epoch, at = divmod(place, len(use))
        if epoch != self.epoch:
            self.epoch, self.order = epoch, epoch_order(len(use), self.run["seed"], epoch)
        return use[self.order[at]]

    def crops(self, place: int, index: int) -> list[np.ndarray] | str:
        """The crops of an image, or why it cannot be read. A file that is not there is an error."""
        name = self.run["images"]["names"][index]
        data = read_bytes(name if "://" in name else os.path.join(self.folder, name))
        try:
            image = decode(data)
        except Exception as cause:  # Pillow's errors have no common class.
            return f"Cannot decode image {name}: {cause}"
        return [augment(image, crop, Stream(self.run["seed"], place)) for crop in self.run["inputs"]]

    def places(self, position: int) -> tuple[list[tuple[int, int]], int]:
        """Positions and images of a whole batch from a position on, and the position behind it."""
        found: list[tuple[int, int]] = []
        while len(found) < self.run["batch"]:
            index = self.image_at(position)
            if index not in self.skipped:
                found.append((position, index))
            position += 1
        return found, position

    def ask(self, position: int) -> tuple[list[tuple[int, int]], int]:
        """Begins to read this worker's part of the batch at a position."""
        found, end = self.places(position)
        mine = found[self.exchange.rank * self.part :][: self.part]
        for place, index in mine:
            if place not in self.asked:
                self.asked[place] = self.pool.submit(self.crops, place, index)
        return mine, end

    def next(self, more: bool = True) -> Batch:
        """This worker's part of the next batch. Unreadable images are left out for all workers.

        `more`: whether another batch is wanted after it.

        Raises ValueError when no image can be read.
        """
        while True:
            if len(self.skipped) >= len(self.run["use"]):
                raise ValueError(f"none of the {len(self.skipped)} images can be read: {next(iter(self.skipped.values()))}")
            mine, end = self.ask(self.position)
            read = [(index, self.asked[place].result()) for place, index in mine]
            failed = {index: found for index, found in read if isinstance(found, str)}
            everywhere = [each for each in self.exchange.gather(failed) if each]
            if not everywhere:
                break
            for each in everywhere:
                self.skipped.update(each)
        self.position = end
        self.asked.clear()
        if more:
            self.ask(end)
        crops = zip(*(found for _, found in read))
        return Batch([np.stack(each) for each in crops], [index for index, _ in read])
