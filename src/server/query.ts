/**
 * Parses the query of a request: classes, number of classes, format, colours. Unknown parameters are refused.
 *
 * @module
 */
import { COLORMAPS } from "../image/colormap.ts";
import type { OverlayLooks } from "../image/map_colours.ts";
import { suggestion } from "../text/nearest.ts";
import { withoutUndefined } from "../text/without_undefined.ts";
import { HttpError } from "./errors.ts";
import { type Format, formatFor, FORMATS, MEDIA_TYPES } from "./negotiation.ts";

/** A parsed query. */
export interface ExplainQuery {
  /** Classes by index or label; if empty, the `topK` most probable. */
  readonly targets: readonly string[];
  /** Number of most probable classes if none is named. */
  readonly topK: number;
  /** Steps to refine each map; 0 leaves the head's own. */
  readonly refine: number;
  /** Format of the response. */
  readonly format: Format;
  /** Colours and opacity of a PNG. */
  readonly looks: OverlayLooks;
}

/** Maximum number of classes per request. */
export const MOST_TARGETS = 16;

/** Maximum number of characters of a class's label or index. */
export const LONGEST_TARGET = 100;

const PARAMETERS = ["target", "topK", "refine", "format", "colours", "opacity"];

function refuse(message: string): never {
  throw new HttpError(400, "invalid_query", message);
}

/**
 * Reads the query of `POST /explain`.
 *
 * @param maxRefine Maximum number of steps of refining.
 * @throws {HttpError} 400 for a parameter that is unknown or wrong, 406 when the Accept header allows no format.
 */
export function readQuery(
  parameters: URLSearchParams,
  accept: string | null,
  maxRefine: number,
): ExplainQuery {
  for (const name of parameters.keys()) {
    if (PARAMETERS.includes(name)) continue;
    refuse(
      `Unknown parameter ${JSON.stringify(name.slice(0, 40))}${suggestion(name.slice(0, 40), PARAMETERS)}`,
    );
  }
  for (const name of PARAMETERS.slice(1)) {
    if (parameters.getAll(name).length > 1) refuse(`Parameter ${name} is given more than once`);
  }
  const targets = parameters.getAll("target");
  if (targets.length > MOST_TARGETS) {
    refuse(`Cannot explain ${targets.length} classes at once: the maximum is ${MOST_TARGETS}`);
  }
  const long = targets.find((target) => target.trim() === "" || target.length > LONGEST_TARGET);
  if (long !== undefined) refuse("Parameter target takes the index or the label of a class");

  const asked = parameters.get("topK");
  const topK = asked === null ? 1 : Number(asked);
  if (asked?.trim() === "" || !Number.isInteger(topK) || topK < 1 || topK > MOST_TARGETS) {
    refuse(`Parameter topK takes a whole number from 1 to ${MOST_TARGETS}`);
  }
  if (asked !== null && targets.length > 0) refuse("Parameters target and topK exclude each other");

  const refine = readRefine(parameters.get("refine"), maxRefine);
  const format = readFormat(parameters.get("format"), accept);
  return { targets, topK, refine, format, looks: readLooks(parameters, format) };
}

function readLooks(parameters: URLSearchParams, format: Format): OverlayLooks {
  for (const name of ["colours", "opacity"]) {
    if (parameters.has(name) && format !== "png") refuse(`Parameter ${name} is for format=png`);
  }
  const [named, given] = [parameters.get("colours"), parameters.get("opacity")];
  const colours = COLORMAPS.find((name) => name === named);
  if (named !== null && colours === undefined) {
    refuse(
      `Parameter colours takes one of ${COLORMAPS.join(", ")}${suggestion(named.slice(0, 40), COLORMAPS)}`,
    );
  }
  const opacity = given === null ? undefined : Number(given);
  if (given?.trim() === "" || (opacity !== undefined && !(opacity >= 0 && opacity <= 1))) {
    refuse("Parameter opacity takes a number from 0 to 1");
  }
  return withoutUndefined({ colours, opacity });
}

function readRefine(asked: string | null, most: number): number {
  if (asked === null) return 0;
  const steps = Number(asked);
  if (asked.trim() !== "" && Number.isInteger(steps) && steps >= 0 && steps <= most) return steps;
  return most === 0
    ? refuse("Parameter refine is not allowed on this server")
    : refuse(`Parameter refine takes a whole number from 0 to ${most}`);
}

function readFormat(asked: string | null, accept: string | null): Format {
  if (asked !== null) {
    return FORMATS.find((format) => format === asked) ??
      refuse(`Parameter format takes one of ${FORMATS.join(", ")}${suggestion(asked.slice(0, 40), FORMATS)}`);
  }
  const format = formatFor(accept);
  if (format === undefined) {
    const types = FORMATS.map((each) => MEDIA_TYPES[each]).join(", ");
    throw new HttpError(406, "not_acceptable", `Cannot answer as the Accept header asks: there are ${types}`);
  }
  return format;
}
