"""One step of a run, by the graphs that `ptame train --export-step` wrote.

The batch is taken in pieces. Between the graphs, the pieces of all workers are averaged: the statistics of the batch
normalisation, the loss's gradients with respect to these, and the gradients of the parameters. All pieces are of one
size, so that these averages are those of the batch, however many workers share it.
"""

from __future__ import annotations

import json
import math
import os

import numpy as np
import onnxruntime

from ..explain import PROVIDERS
from .batches import Batch, read_bytes
from .checkpoints import read_tensors
from .crops import enlarged, fill
from .draws import adamw_scalars, choose_target, softmax, view_loss, views_of_step
from .exchange import Alone

FORMAT, VERSION = "ptame-step", 1
TERMS = ["ce", "area", "variation", "total"]

Arrays = dict[str, np.ndarray]


def read_run(folder: str) -> dict:
    """The description of an exported step.

    Raises ValueError when it is none, or a newer one.
    """
    try:
        run = json.loads(read_bytes(os.path.join(folder, "step.json")))
    except (OSError, ValueError) as cause:
        raise ValueError(f"Cannot train with {folder}: it is not what `ptame train --export-step` writes") from cause
    if run.get("format") != FORMAT or run.get("version") != VERSION:
        raise ValueError(f"Cannot train with {folder}: it is no {FORMAT} of version {VERSION}")
    return run


def state_names(run: dict) -> list[str]:
    """The names of the state's tensors."""
    learned = [name for name, entry in run["parameters"].items() if entry["role"] == "learned"]
    moments = [f"{moment}.{name}" for moment in ("first", "second", "largest") for name in learned]
    return [f"head.{name}" for name in run["parameters"]] + moments


def check_workers(run: dict, workers: int) -> None:
    """Raises ValueError when so many workers cannot share a batch evenly."""
    batch, piece = run["batch"], run["piece"]
    if batch % (workers * piece):
        raise ValueError(
            f"Cannot train with {workers} workers: a batch of {batch} images has {batch // piece} pieces of {piece}; "
            "take another number of workers, or export the step with another --micro-batch"
        )


class Step:
    """The sessions of a step, and the state between steps; the same state in every worker."""

    def __init__(self, folder: str, state: Arrays, exchange: Alone, device: str = "cpu", threads: int = 1) -> None:
        self.run, self.state, self.exchange = read_run(folder), state, exchange
        self.piece, self.part = self.run["piece"], self.run["batch"] // exchange.workers
        check_workers(self.run, exchange.workers)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self.sessions = {
            name: onnxruntime.InferenceSession(
                read_bytes(os.path.join(folder, graph["file"])), options, providers=[PROVIDERS[device]]
            )
            for name, graph in self.run["graphs"].items()
        }
        tensors: Arrays = {}
        if "tensors" in self.run:
            tensors, _ = read_tensors(read_bytes(os.path.join(folder, self.run["tensors"])))
        self.tensors = tensors
        self.taps = len(self.run["head"]["sizes"])

    def call(self, name: str, feeds: Arrays) -> Arrays:
        """Runs a graph with those of the arrays that it takes."""
        graph = self.run["graphs"][name]
        names = list(graph["outputs"])
        fed = {key: feeds[key] for key in graph["inputs"]}
        return dict(zip(names, self.sessions[name].run(names, fed)))

    def average(self, pieces: list[Arrays]) -> Arrays:
        """The means over all pieces of all workers, in float64."""
        names = pieces[0].keys()
        own = {name: sum(np.asarray(each[name], np.float64) for each in pieces) / len(pieces) for name in names}
        return self.exchange.average(own)

    def rows(self, targets: list[int], prefix: str = "") -> Arrays:
        """What the graphs take for the targets' rows."""
        if self.run["rows"] == "own":
            return {f"{prefix}targets": np.asarray(targets, np.int64)}
        return {prefix + name: self.tensors[name][targets] for name in ("start_rows", "class_vectors")}

    def take(self, batch: Batch, step: int, classes: np.ndarray | None) -> dict[str, float]:
        """Takes a step (counted from 0) on this worker's part of a batch; gives the terms of the loss.

        `classes` are those of the checkpoint, if images were sorted.

        Raises FloatingPointError when the loss is not finite.
        """
        run, size = self.run, self.piece
        starts = range(0, self.part, size)
        seen = [self.call("features", {"images": batch.pixels[-1][at : at + size]}) for at in starts]
        scores = self.scores(batch, seen, run["targets"]["sorted"])
        targets = self.targets(batch, scores, step, classes)
        statistics = self.statistics(seen)

        together = [target for each in self.exchange.gather(targets) for target in each] if run["masks"] == "area" else []
        fed: list[Arrays] = []
        for taps, at in zip(seen, starts):
            own = targets[at : at + size]
            feeds = {**taps, **statistics, **self.state, **self.rows(own)}
            images = batch.pixels[0][at : at + size]
            if run["masks"] == "area":
                feeds.update(self.call("masks", feeds))
                feeds.update(self.call("masked", {**feeds, "images": images, "targets": np.asarray(own, np.int64)}))
                feeds.update(self.rows(together, "batch_"))
            else:
                first = self.exchange.rank * self.part + at
                feeds.update(self.budget(feeds, images, own, None if scores is None else scores[at : at + size], step, first))
            feeds.update(self.call("gradients", feeds))
            fed.append(feeds)

        through = [f"gradient.{kind}_{tap}" for kind in ("mean", "variance") for tap in range(self.taps)]
        reached = self.average([{name: each[name] for name in through} for each in fed])
        reached = {name: array.astype(np.float32) for name, array in reached.items()}
        parameters = [name for name in run["graphs"]["optimizer"]["inputs"] if name.startswith("gradient.")]
        found: list[Arrays] = []
        for feeds in fed:
            more = self.call("statistic_gradients", {**feeds, **reached})
            gradients = {name: feeds[name] + more[name] if name in more else feeds[name] for name in parameters}
            found.append({**gradients, **{name: feeds[name] for name in (*TERMS, "kept_loss", "keeping") if name in feeds}})
        means = self.average(found)
        if "keeping" in means:
            means["ce"] = means["kept_loss"] / max(float(means["keeping"]), 1e-12)
        terms = {term: float(means[term]) for term in TERMS}
        if not all(math.isfinite(value) for value in terms.values()):
            raise FloatingPointError(f"Cannot continue training: the loss is not finite at step {step + 1}: {terms}")

        self.gradients = {name: means[name].astype(np.float32) for name in parameters}
        scalars = adamw_scalars(step, run["steps"], run["learningRate"], run["weightDecay"])
        after = self.call("optimizer", {**self.state, **self.gradients, **statistics, **scalars})
        self.state = {name: after[f"next.{name}"] for name in self.state}
        return terms

    def scores(self, batch: Batch, seen: list[Arrays], known: bool) -> np.ndarray | None:
        """The classifier's scores of the whole images, where the step needs them."""
        if "logits" in seen[0]:
            return np.concatenate([each["logits"] for each in seen])
        if known and not any(view["loss"] == "drop" for view in self.run.get("views", [])):
            return None
        pieces = range(0, self.part, self.piece)
        return np.concatenate(
            [self.call("clean", {"images": batch.pixels[0][at : at + self.piece]})["logits"] for at in pieces]
        )

    def targets(self, batch: Batch, scores: np.ndarray | None, step: int, classes: np.ndarray | None) -> list[int]:
        """The target of each image."""
        choice = self.run["targets"]
        if choice["sorted"]:
            return [int(classes[index, 0]) for index in batch.images]
        first = step * self.run["batch"] + self.exchange.rank * self.part
        allowed = self.tensors.get("allowed")
        return [
            choose_target(row, allowed, choice["others"], choice["seed"], first + at) for at, row in enumerate(scores)
        ]

    def statistics(self, seen: list[Arrays]) -> Arrays:
        """Mean and variance of the whole batch for each tap."""
        squares: list[Arrays] = []
        for taps in seen:
            given = self.call("statistics", {**taps, **self.state})
            moments: Arrays = {}
            for tap in range(self.taps):
                mean = given[f"mean_{tap}"].astype(np.float64)
                moments[f"mean_{tap}"] = mean
                moments[f"variance_{tap}"] = given[f"variance_{tap}"] + mean**2
            squares.append(moments)
        means = self.average(squares)
        for tap in range(self.taps):
            means[f"variance_{tap}"] = np.maximum(means[f"variance_{tap}"] - means[f"mean_{tap}"] ** 2, 0)
        return {name: array.astype(np.float32) for name, array in means.items()}

    def budget(
        self, feeds: Arrays, images: np.ndarray, targets: list[int], scores: np.ndarray | None, step: int, first: int
    ) -> Arrays:
        """Masks with a budget: what `gradients` takes of a piece's views, and the terms of its loss.

        `first` is the piece's place in the batch.
        """
        run, size, each = self.run, self.piece, self.run["viewsPerImage"]
        views = views_of_step(run["views"], step, run["batch"], each)[first * each : (first + size) * each]
        per_view = {
            "shares": [view["share"] for view in views],
            "soft": [view["mask"] == "soft" for view in views],
            "kept": [view["side"] == "keep" for view in views],
            "widths": [view["width"] for view in views],
        }
        given = {name: np.asarray(values, np.float32).reshape(size, each, 1, 1) for name, values in per_view.items()}
        shown = self.call("masks", {**feeds, **given})
        masks = shown["masks"]
        pixels = np.repeat(images, each, axis=0)
        fills = np.zeros_like(pixels)
        for at, view in enumerate(views):
            if view["fill"] != "black":
                fills[at] = fill(view["fill"], pixels[at], enlarged(masks[at, 0], pixels.shape[2:]))
        of_view = np.repeat(np.asarray(targets, np.int64), each)
        losses, slopes = np.empty(len(views), np.float32), np.empty_like(masks)
        for at in range(0, len(views), size):
            part = slice(at, at + size)
            given_part = {"images": pixels[part], "fills": fills[part], "masks": masks[part], "targets": of_view[part]}
            back = self.call("masked", given_part)
            losses[part], slopes[part] = back["cross_entropies"], back["mask_gradients"]
        total = 0.0
        for at, view in enumerate(views):
            clean = math.nan if scores is None else float(softmax(scores[at // each])[targets[at // each]])
            loss, factor = view_loss(view, float(losses[at]), clean)
            total += loss / len(views)
            slopes[at] *= factor / len(views)
        keeping = np.asarray([view["side"] == "keep" for view in views])
        return {
            **given,
            "gates": shown["gates"],
            "mask_gradients": slopes.reshape(size, each, *masks.shape[2:]),
            "ce": np.zeros(()),
            "area": masks.mean(dtype=np.float64),
            "variation": np.zeros(()),
            "total": np.asarray(total),
            "kept_loss": np.asarray(losses[keeping].sum(dtype=np.float64)),
            "keeping": np.asarray(float(keeping.sum())),
        }
