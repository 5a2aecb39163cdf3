/**
 * Single deletion score (Hesse, Schaub-Meyer, Roth: Benchmarking the Attribution Quality of Vision Models, NeurIPS
 * Datasets and Benchmarks 2024): the cells of a coarse grid are removed, each alone; Spearman's rank correlation of the
 * map's sum over a cell with the drop of the class's probability when it is removed.
 *
 * The paper's in-domain score (IDSDS) is this value of a classifier that was trained on images without such cells, so that
 * an image without one is in its domain. Nothing is trained here: the value is the paper's where the given classifier was
 * trained so, and else that of a classifier which has not seen such images. The drop is one of the probability, as with
 * `--use_softmax True` of the authors' program, whose default is the score before softmax.
 *
 * A removed cell has the mean colour, 0 of the classifier's input, as there.
 *
 * @module
 */
import { spearman } from "./correlation.ts";
import { type MeasureDefinition, singleMeasure } from "./measure.ts";
import type { SingleDeletionProtocol } from "./presets.ts";
import { alonePartsProbe } from "./pixel_flipping.ts";
import type { Enlarged, PlainProbe } from "./probe.ts";
import { type Colour, gridSquares, removalColour, squarePixels } from "./removal.ts";

/** Removes each cell of a grid alone; key "single-deletion", none if all cells or all drops are equal. */
export function singleDeletionProbe(
  sample: Enlarged,
  { cells }: Pick<SingleDeletionProtocol, "cells">,
  colour: Colour,
): PlainProbe {
  const parts = gridSquares(sample, cells).map((square) => [...squarePixels(square, sample.width)]);
  return alonePartsProbe(sample, parts, colour, "single-deletion", spearman);
}

/** Single deletion: key "single-deletion". */
export const SINGLE_DELETION: MeasureDefinition<"single-deletion"> = singleMeasure({
  name: "single-deletion",
  source: "Hesse et al.: Benchmarking the Attribution Quality of Vision Models, NeurIPS 2024",
  negative: "sign",
  part: "singleDeletion",
  standIn: "idsds-neurips24",
  probe: (sample, preset, { normalization }) => {
    const protocol = preset.singleDeletion!;
    const colour = removalColour("single deletion", protocol.space, normalization);
    return singleDeletionProbe(sample, protocol, colour);
  },
  description: {
    title: "Single deletion",
    meaning:
      "Single deletion: the rank correlation of the map's sum over a cell of a coarse grid with the drop when that cell alone " +
      "is removed; in-domain (IDSDS) where the classifier was trained with such deletions.",
    better: "higher",
    digits: 3,
  },
});
