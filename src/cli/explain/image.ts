/**
 * Explains one image and writes its results.
 *
 * @module
 */
import { colorize } from "../../image/colormap.ts";
import type { DrawingLooks, OverlayLooks } from "../../image/map_colours.ts";
import { colorizeSigned } from "../../image/diverging.ts";
import { decodeSettings } from "../decode_options.ts";
import { decodeImage, type DecodeSettings } from "../../image/decode.ts";
import { encodeImage, formatOfPath } from "../../image/encode.ts";
import { encodePng } from "../../image/png.ts";
import type { ImageSource, RgbImage } from "../../image/types.ts";
import { methodNamed } from "../../baselines/methods.ts";
import type { BaselineExplainOptions } from "../../baselines/explainer.ts";
import type { Contrast } from "../../ptame/contrast.ts";
import { isPtame } from "../../ptame/explanation.ts";
import type { RefineProgress } from "../../explanation/refinement.ts";
import { REGION_THRESHOLD } from "../../explanation/region_threshold.ts";
import type { MapRegion } from "../../explanation/regions.ts";
import type {
  ExplainOptions,
  ExplainTimings,
  MapExplainer,
  MapExplanation,
} from "../../explanation/map_explanation.ts";
import type { MapScale, ScaleEnds } from "../../explanation/map_scale.ts";
import { resolveTarget } from "../../classifier/target.ts";
import type { ClassifierFacts } from "../../classifier/types.ts";
import { mapsNpy } from "../../ptame/maps_npy.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { writeFile } from "../files.ts";
import { STREAM, writeStdout } from "../streams.ts";
import { rawMapPath } from "../result_names.ts";
import { UsageError } from "../usage.ts";
import type { Destinations } from "./destinations.ts";
import { needsHead } from "./method.ts";
import type { ExplainGiven } from "./options.ts";

/**
 * Pixels of the shorter side that suffice for the overlay, whose longer side has 1600 at most, and for any classifier's crop: with
 * five times as many pixels as the crop, it stays within 2 of 255 on 99.9 % of its values.
 */
const ENOUGH = 1200;

/** What to explain in every image. */
export interface Request extends Pick<ExplainOptions, "target" | "topK" | "decode" | "scale"> {
  /** The class to contrast the others with. */
  readonly against?: string;
  /** Number of steps to refine each map. */
  readonly refine?: number;
  /** Seed of refining. */
  readonly seed?: number;
  /** Find the regions where the maps are at least so strong. */
  readonly boxesFrom?: number;
  /** Whether overlays are written small rather than fast. */
  readonly small?: boolean;
  /** Whether overlays have the image's own size. */
  readonly full?: boolean;
  /** Colours and opacity of the map. */
  readonly looks?: OverlayLooks;
}

/** A decoded image, and the time that decoding took. */
export interface TimedImage {
  readonly image: RgbImage;
  readonly milliseconds: number;
}

/** Decodes an image before its explanation. */
export async function decodeTimed(
  source: URL | string | Promise<Uint8Array>,
  options: DecodeSettings & { readonly signal: AbortSignal },
): Promise<TimedImage> {
  const given = await source;
  const started = performance.now();
  const image = await decodeImage(given, options);
  return { image, milliseconds: performance.now() - started };
}

/** An explained image and the paths of its results. */
export interface ExplainedFile {
  /** The explanation. */
  readonly explanation: MapExplanation;
  /** Duration of the parts, including decoding. */
  readonly milliseconds: ExplainTimings;
  /** The contrast of each target with the class of --against, if one is named. */
  readonly contrasts: readonly Contrast[] | undefined;
  /** Paths of the overlays, one per target. */
  readonly outs: readonly string[];
  /** The regions of each target with --boxes. */
  readonly regions: readonly (readonly MapRegion[])[] | undefined;
  /** Path of the map, if one is requested. */
  readonly mapPath: string | undefined;
}

/**
 * Reads the request from the options.
 *
 * @throws {UsageError} When options exclude each other.
 */
export function explainRequest(
  options: ExplainGiven["options"],
): Request {
  const { target, top: topK, against, method, refine, seed, small, full, boxes, threshold, scale } = options;
  if (options.minutes !== undefined && options.photos === undefined) {
    throw new UsageError("Option --minutes is for --photos");
  }
  if (target.length > 0 && topK !== undefined) {
    throw new UsageError("Options --target and --top exclude each other");
  }
  needsHead("against", against, methodNamed(method), (name) => `: maps of ${name} have no contrast`);
  needsHead("refine", refine, methodNamed(method), (name) => `: ${name} has no weights to refine`);
  for (const other of ["refine", "against"] as const) {
    if (scale === "shared" && { refine, against }[other] !== undefined) {
      throw new UsageError(`Options --scale shared and --${other} exclude each other`);
    }
  }
  if (refine !== undefined && against !== undefined) {
    throw new UsageError("Options --refine and --against exclude each other");
  }
  if (options.out === STREAM && (options.json || (topK ?? target.length) > 1)) {
    throw new UsageError(
      `Standard output takes one overlay: --out - excludes ${options.json ? "--json" : "several classes"}`,
    );
  }
  if (boxes && against !== undefined) {
    throw new UsageError("Options --boxes and --against exclude each other: a contrast has two signs");
  }
  if (threshold !== undefined && !boxes) throw new UsageError("Option --threshold needs --boxes");
  if (threshold !== undefined && !(threshold > 0 && threshold <= 1)) {
    throw new UsageError(`Option --threshold takes a number above 0 and at most 1, not ${threshold}`);
  }
  const { colours, opacity } = options;
  if (colours !== undefined && against !== undefined) {
    throw new UsageError(
      "Options --colours and --against exclude each other: a contrast has colours of its own",
    );
  }
  if (opacity !== undefined && opacity > 1) {
    throw new UsageError(`Option --opacity takes a number from 0 to 1, not ${opacity}`);
  }
  const looks = withoutUndefined({ colours, opacity });
  const boxesFrom = boxes ? threshold ?? REGION_THRESHOLD : undefined;
  const named = target.length > 0 ? target : undefined;
  // Boxes are given in pixels of the whole image, and --full draws it.
  const decode = { ...boxes || full ? {} : { atLeast: ENOUGH }, ...decodeSettings(options) };
  const plain = { refine, seed, against, topK, small, full, boxesFrom, target: named };
  return { decode, looks, ...withoutUndefined(plain) };
}

/**
 * Checks the classes of a request before any image is explained.
 *
 * @throws {RangeError} When a class is unknown, or its name means several.
 */
export function checkClasses({ target = [], against }: Request, { labels }: ClassifierFacts): void {
  for (const each of [target, against ?? []].flat()) resolveTarget(each, labels);
}

/** The common scale of the maps of all images; an image that cannot be explained is left to the run itself. */
export async function sharedScale(
  explainer: MapExplainer,
  images: readonly string[],
  { decoded, signal, ...request }: Request & {
    readonly decoded?: TimedImage;
    readonly signal: AbortSignal;
  },
): Promise<MapScale> {
  if (images.length === 1) return "shared";
  const ends: ScaleEnds[] = [];
  for (const image of images) {
    try {
      const { targets } = await explainer.explain(decoded?.image ?? image, {
        ...request,
        scale: "shared",
        signal,
      });
      ends.push(...targets.filter(({ blank }) => blank === undefined).map(({ scale }) => scale));
    } catch (error) {
      if (signal.aborted) throw error;
    }
  }
  if (ends.length === 0) return "shared";
  return {
    low: Math.min(...ends.map(({ low }) => low)),
    high: Math.max(...ends.map(({ high }) => high)),
  };
}

/**
 * Explains an image and writes overlays and map.
 *
 * @param image Path or URL of the image; the results are named after it.
 * @param decoded The decoded image; by default it is read from `image`.
 */
export async function explainFile(
  explainer: MapExplainer,
  image: string,
  destinations: Destinations,
  options: Request & Pick<BaselineExplainOptions, "onProgress"> & {
    readonly decoded?: TimedImage;
    /** What is read in place of `image`. */
    readonly source?: ImageSource;
    /** Called after each step of refining. */
    readonly onRefine?: (progress: RefineProgress) => void;
    readonly signal: AbortSignal;
    /** Stops refining and keeps its best map; by default `signal`. */
    readonly stopRefining?: AbortSignal;
  },
): Promise<ExplainedFile> {
  const {
    decoded,
    source = image,
    against,
    refine,
    seed,
    onRefine,
    small = false,
    full = false,
    looks,
    boxesFrom,
    ...rest
  } = options;
  const { stopRefining = options.signal, ...request } = rest;
  const plain = await explainer.explain(decoded?.image ?? source, request);
  const explanation = refine === undefined || !isPtame(plain) ? plain : await plain.refineTargets({
    ...withoutUndefined({ steps: refine, seed, onProgress: onRefine }),
    signal: stopRefining,
  });
  // What was refined before the stop is written.
  const stopped = explanation.targets.some(({ refinement }) => refinement?.stopped);
  const signal = stopped ? new AbortController().signal : options.signal;
  const contrasts = against === undefined || !isPtame(explanation)
    ? undefined
    : explanation.targets.map(({ index }) => explanation.contrast(index, against));
  const drawing = { small, looks: { ...looks, full }, signal };
  const outs = await writeOverlays(explanation, contrasts, image, destinations, drawing);
  const mapPath = destinations.map(image);
  if (mapPath !== undefined) await writeMap(mapPath, explanation, contrasts, looks);
  const regions = boxesFrom === undefined ? undefined : await findRegions(explanation, boxesFrom);
  signal.throwIfAborted();
  const { milliseconds } = explanation;
  const prepare = milliseconds.prepare + (decoded?.milliseconds ?? 0);
  return { explanation, milliseconds: { ...milliseconds, prepare }, contrasts, outs, regions, mapPath };
}

/** Finds the regions of every target; their module is loaded only here. */
async function findRegions({ targets, window }: MapExplanation, threshold: number): Promise<MapRegion[][]> {
  const { mapRegions } = await import("../../explanation/regions.ts");
  return targets.map(({ map }) => mapRegions({ map, window }, { threshold }));
}

async function writeOverlays(
  explanation: MapExplanation,
  contrasts: readonly Contrast[] | undefined,
  image: string,
  destinations: Destinations,
  { small, looks, signal }: {
    readonly small: boolean;
    readonly looks: DrawingLooks;
    readonly signal: AbortSignal;
  },
): Promise<string[]> {
  const outs: string[] = [];
  const count = explanation.targets.length;
  for (let which = 0; which < count; which++) {
    signal.throwIfAborted();
    const target = explanation.targets[which]!;
    const path = destinations.overlay(image, target.label, which, count);
    const drawn = await (contrasts?.[which]?.overlay(looks) ??
      explanation.overlay({ ...looks, target: target.index }));
    const bytes = await encodeImage(drawn, formatOfPath(path) ?? "png", { small });
    await (path === STREAM ? writeStdout(bytes) : writeFile(path, bytes));
    outs.push(path);
  }
  return outs;
}

/**
 * The maps themselves: [height, width] for one target, [K, height, width] for several; a PNG shows the first. The values
 * before scaling, with their sign, lie in the same JSON, or in a .npy file beside.
 */
async function writeMap(
  path: string,
  explanation: MapExplanation,
  contrasts: readonly Contrast[] | undefined,
  { colours }: OverlayLooks = {},
): Promise<void> {
  const targets = contrasts?.map(({ for: { index, label }, map }) => ({ index, label, map })) ??
    explanation.targets;
  const { width, height } = targets[0]!.map;
  const raw = contrasts === undefined ? explanation.targets.map((target) => target.raw) : undefined;
  if (raw !== undefined && !/\.json$/i.test(path)) {
    await writeFile(rawMapPath(path), mapsNpy(raw.map((map) => ({ map }))));
  }
  if (/\.png$/i.test(path)) {
    const { values } = targets[0]!.map;
    const data = contrasts === undefined ? colorize(values, colours) : colorizeSigned(values);
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
      ...withoutUndefined({ raw: raw === undefined ? undefined : [...raw[which]!.values] }),
    }));
    return await writeFile(path, JSON.stringify(maps.length === 1 ? maps[0] : maps));
  }
  await writeFile(path, mapsNpy(targets));
}
