/**
 * The OpenAPI 3.1 description of the server, with its limits.
 *
 * @module
 */
import { COLORMAPS } from "../image/colormap.ts";
import { MEDIA_TYPES } from "./negotiation.ts";
import { MOST_JSON_BYTES } from "./request_image.ts";
import { LONGEST_TARGET, MOST_TARGETS } from "./query.ts";

/** The settings of a server. */
export interface DescribedLimits {
  /** Maximum size of a body in bytes. */
  readonly maxBodyBytes: number;
  /** Maximum number of pixels of an image. */
  readonly maxPixels: number;
  /** Maximum number of steps to refine a map. */
  readonly maxRefine: number;
  /** Maximum number of waiting requests. */
  readonly waiting: number;
  /** Milliseconds for a request. */
  readonly deadline: number;
  /** Milliseconds for its body. */
  readonly bodyDeadline: number;
  /** Whether URLs are fetched. */
  readonly urls: boolean;
  /** Whether requests must carry a token. */
  readonly token: boolean;
  /** Whether there are metrics. */
  readonly metrics: boolean;
}

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const binary = { type: "string", format: "binary" };
const number = { type: "number" };
const integer = { type: "integer" };
const text = { type: "string" };
const list = (items: unknown) => ({ type: "array", items });
const object = (properties: Record<string, unknown>) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
});
/** An object with properties that may be absent. */
const withOptional = (optional: Record<string, unknown>, properties: Record<string, unknown>) => ({
  ...object(properties),
  properties: { ...properties, ...optional },
});

const CLASS = { index: integer, label: text, probability: number };
const HEAD = object({ name: text, trained: { type: "boolean" }, backbone: text });

/** What an .onnx file sees and gives; networks that are built in have none. */
const CLASSIFIER = list(object({
  name: text,
  value: text,
  from: { enum: ["file", "settings", "metadata", "assumed"] },
}));

const TARGET = object({
  ...CLASS,
  map: object({ width: integer, height: integer, values: list(number) }),
});
/** Only with the parameter refine. */
const REFINEMENT = {
  type: "object",
  properties: {
    way: { enum: ["gradient", "gradient-free"] },
    why: text,
    steps: integer,
    passes: integer,
    loss: object({ before: number, after: number }),
    stopped: { type: "boolean" },
  },
  required: ["way", "steps", "passes", "loss", "stopped"],
};

const SCHEMAS = {
  Error: object({ error: object({ code: text, message: text }) }),
  Explanation: withOptional({ classifier: CLASSIFIER }, {
    model: text,
    auxiliary: text,
    head: HEAD,
    image: object({ width: integer, height: integer }),
    window: object({ x: number, y: number, width: number, height: number }),
    reading: { enum: ["given", "recognised", "softmax", "sigmoid", "none"] },
    prediction: list(object(CLASS)),
    targets: list(
      { ...TARGET, properties: { ...TARGET.properties, refinement: REFINEMENT } },
    ),
  }),
  Models: object({
    models: list(withOptional({ width: integer, classifier: CLASSIFIER, notes: list(text) }, {
      name: text,
      auxiliary: text,
      head: HEAD,
      device: text,
      threads: integer,
      input: integer,
      labels: list(text),
    })),
  }),
  Health: object({ status: { enum: ["ok", "loading", "stopping"] }, taken: integer, places: integer }),
};

/** Meaning of each status of a refused explanation. */
const REFUSALS: Readonly<Record<string, string>> = {
  400: "The query, the form or the JSON is wrong, the class unknown, or there is no image",
  401: "The token is missing or wrong",
  403: "The URL, the Host or the Origin is not allowed",
  406: "The Accept header allows no format",
  408: "The body arrives too slowly",
  413: "The body or the image is too large",
  415: "The type of the body is not supported",
  422: "The image cannot be decoded or fetched",
  429:
    "The queue is full, too many images are being received, or the client has had its share; retry after " +
    "Retry-After seconds",
  500: "The server failed",
  503: "Deadline exceeded, server stopping, or networks not loaded; retry after Retry-After seconds",
};

const json = (schema: unknown) => ({ "application/json": { schema } });
const answered = (description: string, schema: unknown) => ({ 200: { description, content: json(schema) } });
const refused = Object.fromEntries(
  Object.entries(REFUSALS).map(([status, description]) => [
    status,
    { description, content: json(reference("Error")) },
  ]),
);

const URL_SCHEMA = { ...text, format: "uri", pattern: "^https://", maxLength: MOST_JSON_BYTES };

function explainOperation(
  { maxBodyBytes, maxPixels, maxRefine, waiting, deadline, bodyDeadline, urls }: DescribedLimits,
): unknown {
  const query = (name: string, description: string, schema: unknown) => ({
    name,
    in: "query",
    description,
    schema,
  });
  return {
    operationId: "explain",
    summary: "Classifies an image and explains where the classifier looks",
    description:
      `Images of at most ${maxBodyBytes} bytes and ${maxPixels} pixels (JPEG, PNG, WebP, AVIF; GIF, TIFF, HEIC and others where the server can read ImageMagick's file). ` +
      `One is explained at a time; ${waiting} may wait. A body must arrive within ${
        bodyDeadline / 1000
      } s, ` +
      `the answer within ${deadline / 1000} s.`,
    parameters: [
      query("target", "Index or label of a class to explain; may be repeated", {
        ...list({ ...text, minLength: 1, maxLength: LONGEST_TARGET }),
        maxItems: MOST_TARGETS,
      }),
      query("topK", "Explain the K most probable classes; excludes target", {
        type: "integer",
        minimum: 1,
        maximum: MOST_TARGETS,
        default: 1,
      }),
      query("refine", "Steps that sharpen each map for the image, at the cost of 9 passes each", {
        type: "integer",
        minimum: 0,
        maximum: maxRefine,
        default: 0,
      }),
      query("format", "Format of the response; by default the one that the Accept header prefers", {
        enum: Object.keys(MEDIA_TYPES),
      }),
      query("colours", "Colours of the map in a PNG", { enum: COLORMAPS, default: COLORMAPS[0] }),
      query("opacity", "Opacity of the strongest part of the map in a PNG", {
        type: "number",
        minimum: 0,
        maximum: 1,
        default: 0.75,
      }),
      { name: "If-None-Match", in: "header", description: "Entity tag of a cached response", schema: text },
    ],
    requestBody: {
      required: true,
      content: {
        "image/*": { schema: { ...binary, maxLength: maxBodyBytes } },
        "application/octet-stream": { schema: { ...binary, maxLength: maxBodyBytes } },
        "multipart/form-data": { schema: object({ image: binary }) },
        ...(urls ? json(object({ url: URL_SCHEMA })) : {}),
      },
    },
    responses: {
      200: {
        description: "The explanation: JSON, the overlay of one class as PNG, or the maps as .npy",
        headers: {
          "ETag": { schema: text },
          "Server-Timing": { schema: text, description: "Duration of the parts in milliseconds" },
        },
        content: {
          ...json(reference("Explanation")),
          [MEDIA_TYPES.png]: { schema: binary },
          [MEDIA_TYPES.npy]: { schema: binary },
        },
      },
      412: { description: "If-None-Match matches: the client already has the response" },
      ...refused,
    },
  };
}

/** The document. */
export function openapiDocument(limits: DescribedLimits): unknown {
  const get = (operationId: string, summary: string, responses: unknown) => ({
    get: { operationId, summary, responses },
  });
  const stopping = { 503: { description: "The server is stopping", content: json(reference("Health")) } };
  return {
    openapi: "3.1.0",
    info: {
      title: "ptame",
      version: "1",
      description: "Where did the classifier look? P-TAME explanations of an image classifier.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    paths: {
      "/explain": { post: explainOperation(limits) },
      "/models": get(
        "models",
        "The classifier, auxiliary and head",
        answered("The classifiers", reference("Models")),
      ),
      "/healthz": get("healthz", "Health and load of the server", {
        ...answered("It is", reference("Health")),
        ...stopping,
      }),
      "/readyz": get("readyz", "Whether the networks are loaded", {
        ...answered("They are", reference("Health")),
        503: { description: "They are not, or the server is stopping", content: json(reference("Health")) },
      }),
      ...(limits.metrics
        ? {
          "/metrics": get("metrics", "Counts and times, for Prometheus", {
            200: { description: "They are", content: { "text/plain": { schema: text } } },
          }),
        }
        : {}),
      "/openapi.json": get("openapi", "This document", answered("The document", { type: "object" })),
    },
    components: {
      schemas: SCHEMAS,
      ...(limits.token ? { securitySchemes: { token: { type: "http", scheme: "bearer" } } } : {}),
    },
    ...(limits.token ? { security: [{ token: [] }] } : {}),
  };
}
