/**
 * An explanation as a response: JSON with the maps' values, the overlay as PNG, or the maps as .npy.
 *
 * The body does not depend on the time, so its entity tag depends only on the image, the query and the networks. The
 * header Server-Timing has the duration.
 *
 * @module
 */
import type { ClassifierFacts, DescribedFact } from "../classifier/types.ts";
import type { OverlayLooks } from "../image/map_colours.ts";
import { mapsNpy } from "../ptame/maps_npy.ts";
import type { Explanation } from "../ptame/explanation.ts";
import type { Refinement } from "../explanation/refinement.ts";
import { withoutUndefined } from "../text/without_undefined.ts";
import type { TargetMap } from "../explanation/map_explanation.ts";
import type { StoredResponse } from "./response_cache.ts";
import type { StageTimes } from "./stages.ts";
import { type Format, MEDIA_TYPES } from "./negotiation.ts";

/** The JSON response of `POST /explain`. */
export interface ExplanationDocument {
  /** Name of the classifier. */
  readonly model: string;
  /** Name of the auxiliary. */
  readonly auxiliary: string;
  /** The head's record; the maps of an untrained head are only a starting point. */
  readonly head: { readonly name: string; readonly trained: boolean; readonly backbone: string };
  /** Size of the image, upright, in pixels. */
  readonly image: { readonly width: number; readonly height: number };
  /** The part of it that the maps cover, in its pixels. */
  readonly window: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  /** How the probabilities came from the scores: "given", "recognised", "softmax", "sigmoid" or "none" (scores). */
  readonly reading: string;
  /** What an .onnx file sees and gives, and where each entry was found: in the file, the settings, metadata, or assumed. */
  readonly classifier?: readonly DescribedFact[];
  /** The five most probable classes, best first. */
  readonly prediction: readonly {
    readonly index: number;
    readonly label: string;
    readonly probability: number;
  }[];
  /** The requested classes, each with its map. */
  readonly targets: readonly {
    readonly index: number;
    readonly label: string;
    readonly probability: number;
    /** What refining did, if it was requested. */
    readonly refinement?: Refinement;
    /** Rows from the top, values in [0, 1] rounded to four decimals. */
    readonly map: { readonly width: number; readonly height: number; readonly values: readonly number[] };
  }[];
}

function targetDocument(
  { index, label, probability, map, refinement }: TargetMap,
): ExplanationDocument["targets"][number] {
  const values = Array.from(map.values, (value) => Math.round(value * 1e4) / 1e4);
  return {
    index,
    label,
    probability,
    ...withoutUndefined({ refinement }),
    map: { width: map.width, height: map.height, values },
  };
}

function explanationDocument(
  explanation: Explanation,
  { described: classifier }: Pick<ClassifierFacts, "described">,
): ExplanationDocument {
  const { reading, model, auxiliary, head, image: image, window, prediction, targets } = explanation;
  return {
    model,
    auxiliary,
    head: { name: head.name, trained: head.trained, backbone: head.backbone },
    image: { width: image.width, height: image.height },
    window: { x: window.x, y: window.y, width: window.width, height: window.height },
    reading,
    ...withoutUndefined({ classifier }),
    prediction: prediction.map(({ index, label, probability }) => ({ index, label, probability })),
    targets: targets.map(targetDocument),
  };
}

async function responseBody(
  explanation: Explanation,
  { format, looks, backbone }: ResponseOptions,
): Promise<string | Uint8Array> {
  switch (format) {
    case "json":
      return JSON.stringify(explanationDocument(explanation, backbone));
    case "png":
      return await explanation.overlayPng(looks);
    case "npy":
      return mapsNpy(explanation.targets);
  }
}

/** Headers of a response about an image: private to this client, and varying with its request. */
export function explanationHeaders(tag: string): Record<string, string> {
  return { "cache-control": "private, no-cache", "vary": "accept", "etag": tag };
}

/** How to respond. */
export interface ResponseOptions {
  readonly format: Format;
  /** Colours and opacity of a PNG. */
  readonly looks: OverlayLooks;
  /** The classifier. */
  readonly backbone: Pick<ClassifierFacts, "described">;
}

/** The body of the response in the requested format, and its type. */
export async function explanationBody(
  explanation: Explanation,
  options: ResponseOptions,
): Promise<StoredResponse> {
  const body = await responseBody(explanation, options);
  return {
    body: (typeof body === "string" ? new TextEncoder().encode(body) : body) as Uint8Array<ArrayBuffer>,
    type: MEDIA_TYPES[options.format],
  };
}

/** The response, with the stages that it took in the header Server-Timing. */
export function explanationResponse(
  { body, type }: StoredResponse,
  tag: string,
  times: StageTimes,
): Response {
  const timing = Object.entries(times).map(([name, ms]) => `${name};dur=${ms.toFixed(1)}`).join(", ");
  return new Response(body, {
    headers: {
      ...explanationHeaders(tag),
      "content-type": type,
      ...(timing === "" ? {} : { "server-timing": timing }),
    },
  });
}
