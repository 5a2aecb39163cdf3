/**
 * One picture explained and its results written: what the command does for each.
 *
 * @module
 */
import { colorize } from "../../image/colormap.ts";
import { colorizeSigned } from "../../image/diverging.ts";
import { decodeImage } from "../../image/decode.ts";
import { encodePng } from "../../image/png.ts";
import type { RgbImage } from "../../image/types.ts";
import type { BaselineExplainOptions } from "../../baselines/explainer.ts";
import type { Contrast } from "../../ptame/contrast.ts";
import { isPtame, PTAME } from "../../ptame/explanation.ts";
import type {
  ExplainOptions,
  ExplainTimings,
  MapExplainer,
  MapExplanation,
} from "../../explanation/map_explanation.ts";
import { mapsNpy } from "../../ptame/maps_npy.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { writeFile } from "../files.ts";
import { UsageError } from "../usage.ts";
import type { Destinations } from "./destinations.ts";
import type { ExplainGiven } from "./options.ts";

/** What is explained of every picture. */
export interface Request extends Pick<ExplainOptions, "target" | "topK"> {
  /** The class that the others are contrasted with. */
  readonly against?: string;
}

/** A picture, and how long decoding it took. */
export interface DecodedPicture {
  readonly picture: RgbImage;
  readonly milliseconds: number;
}

/** Decodes a picture ahead of its explanation. */
export async function decodedPicture(source: URL | string, signal: AbortSignal): Promise<DecodedPicture> {
  const started = performance.now();
  const picture = await decodeImage(source, { signal });
  return { picture, milliseconds: performance.now() - started };
}

/** A picture explained, and where its results are. */
export interface ExplainedPicture {
  /** The explanation. */
  readonly explanation: MapExplanation;
  /** How long its parts took, decoding included. */
  readonly milliseconds: ExplainTimings;
  /** What speaks for each target rather than the class of --against, where one is named. */
  readonly contrasts: readonly Contrast[] | undefined;
  /** Paths of the overlays, one per target. */
  readonly outs: readonly string[];
  /** Path of the map, where one is asked for. */
  readonly mapPath: string | undefined;
}

/**
 * What the options ask for.
 *
 * @throws {UsageError} When they exclude each other.
 */
export function requestOf({ target, top: topK, against, method }: ExplainGiven["options"]): Request {
  if (target.length > 0 && topK !== undefined) {
    throw new UsageError("Options --target and --top exclude each other");
  }
  if (against !== undefined && method !== PTAME) {
    throw new UsageError(`Option --against is for ${PTAME}: maps of ${method} are no differences`);
  }
  return withoutUndefined({ against, topK, target: target.length > 0 ? target : undefined });
}

/**
 * Explains a picture and writes overlays and map.
 *
 * @param image What the picture is called; names of results come from it.
 * @param decoded The picture, where it is decoded already; else it is read by its name.
 */
export async function explainPicture(
  explainer: MapExplainer,
  image: string,
  destinations: Destinations,
  options: Request & Pick<BaselineExplainOptions, "onProgress"> & {
    readonly decoded?: DecodedPicture;
    readonly signal: AbortSignal;
  },
): Promise<ExplainedPicture> {
  const { decoded, signal, against, ...request } = options;
  const explanation = await explainer.explain(decoded?.picture ?? image, { ...request, signal });
  const contrasts = against === undefined || !isPtame(explanation)
    ? undefined
    : explanation.targets.map(({ index }) => explanation.contrast(index, against));
  const outs = await writeOverlays(explanation, contrasts, image, destinations, signal);
  const mapPath = destinations.map(image);
  if (mapPath !== undefined) await writeMap(mapPath, explanation, contrasts);
  signal.throwIfAborted();
  const { milliseconds } = explanation;
  const prepare = milliseconds.prepare + (decoded?.milliseconds ?? 0);
  return { explanation, milliseconds: { ...milliseconds, prepare }, contrasts, outs, mapPath };
}

async function writeOverlays(
  explanation: MapExplanation,
  contrasts: readonly Contrast[] | undefined,
  image: string,
  destinations: Destinations,
  signal: AbortSignal,
): Promise<string[]> {
  const outs: string[] = [];
  const count = explanation.targets.length;
  for (let which = 0; which < count; which++) {
    signal.throwIfAborted();
    const target = explanation.targets[which]!;
    const path = destinations.overlay(image, target.label, which, count);
    const drawn = contrasts?.[which]?.overlayPng() ?? explanation.overlayPng({ target: target.index });
    await writeFile(path, await drawn);
    outs.push(path);
  }
  return outs;
}

/** The bare maps: [height, width] for one target, [K, height, width] for several; a picture shows the first. */
async function writeMap(
  path: string,
  explanation: MapExplanation,
  contrasts: readonly Contrast[] | undefined,
): Promise<void> {
  const targets = contrasts?.map(({ for: { index, label }, map }) => ({ index, label, map })) ??
    explanation.targets;
  const { width, height } = targets[0]!.map;
  if (/\.png$/i.test(path)) {
    const { values } = targets[0]!.map;
    const data = contrasts === undefined ? colorize(values, "inferno") : colorizeSigned(values);
    return await writeFile(path, await encodePng({ width, height, data }));
  }
  if (/\.json$/i.test(path)) {
    const maps = targets.map(({ index, label, map }, which) => ({
      index,
      label,
      ...withoutUndefined({ against: contrasts?.[which]?.against.label }),
      width,
      height,
      values: [...map.values],
    }));
    return await writeFile(path, JSON.stringify(maps.length === 1 ? maps[0] : maps));
  }
  await writeFile(path, mapsNpy(targets));
}
