/**
 * The options of `serve`, for the command and for the worker that explains.
 *
 * @module
 */
import { MOST_STEPS, REFINE_STEPS } from "../../ptame/refine/types.ts";
import { DECODE_OPTIONS } from "../decode_options.ts";
import { DEVICE_OPTIONS, MODEL_OPTIONS } from "../explainer_options.ts";
import { FONT_OPTION } from "../fonts.ts";
import { ONNX_OPTIONS } from "../onnx_model.ts";
import type { Declaration } from "../options/command.ts";
import { choice, flag, group, list, text, wholeNumber } from "../options/kinds.ts";
import { QUIET_OPTION } from "../output_options.ts";
import { ACCESS_OPTIONS } from "./access_options.ts";
import { LOG_FORMS } from "./log.ts";

const OPTIONS = {
  ...group("Server", {
    port: wholeNumber("N", "Port to listen on, 0 for a free one", { least: 0, most: 65535, default: 8000 }),
    host: text("ADDRESS", "Address to listen on", {
      usual: "127.0.0.1, reachable only from this machine",
      default: "127.0.0.1",
    }),
    workers: wholeNumber("N", "Threads that explain, each with networks of its own", {
      least: 1,
      most: 64,
      default: 1,
    }),
    waiting: wholeNumber("N", "Maximum number of waiting requests; more are answered 429", {
      least: 0,
      usual: 8,
    }),
    deadline: wholeNumber("SECONDS", "Time limit of a request", { least: 1, most: 3600, default: 30 }),
    bodyDeadline: wholeNumber("SECONDS", "Time limit for a body to arrive", {
      least: 1,
      most: 3600,
      default: 10,
    }),
    maxBody: wholeNumber("BYTES", "Maximum size of a request body", { least: 1, usual: 10_000_000 }),
    maxPixels: wholeNumber("N", "Maximum number of pixels of an image", { least: 1, usual: 16_777_216 }),
    maxRefine: wholeNumber("N", "Maximum number of steps to refine a map; 0 for none", {
      least: 0,
      most: MOST_STEPS,
      usual: REFINE_STEPS,
    }),
    urlHost: list("NAME", "Fetch images by URL only from this host", { usual: "any" }),
    noUrls: flag("Do not fetch images by URL"),
    connections: wholeNumber("N", "Maximum number of connections", {
      least: 8,
      usual: "the system's limit of open files less 128, at most 512",
    }),
    cache: wholeNumber("MB", "Keep this much of responses, and answer the same request from them", {
      least: 0,
      most: 100_000,
      default: 0,
    }),
    log: choice("text|json", LOG_FORMS, "Form of the log on standard error", { default: "text" as const }),
    noMetrics: flag("Do not answer GET /metrics"),
  }),
  ...ACCESS_OPTIONS,
  ...MODEL_OPTIONS,
  ...DEVICE_OPTIONS,
  ...DECODE_OPTIONS,
  ...FONT_OPTION,
  ...QUIET_OPTION,
  ...ONNX_OPTIONS,
};

/** The command. */
export const SERVE: Declaration<typeof OPTIONS> = {
  name: "serve",
  about: "Explain images over HTTP: POST /explain, and a web page to drop images on",
  arguments: { unexpected: "requests carry the images" },
  options: OPTIONS,
  notes: [
    "Images are fetched only from public addresses, never from this machine or its network. After Ctrl-C or " +
    "SIGTERM the server finishes running requests; a second signal stops it immediately. If the listener ends by " +
    "itself, the exit code is 1.",
    "SIGHUP loads the classifier and the head again, such as after a new head took the place of the old file. No " +
    "request is dropped; if the new files are wrong, the old networks stay.",
    "GET /healthz says that the server runs, /readyz that its networks are loaded; both need no token. GET /metrics " +
    "is for Prometheus, and needs the token if there is one.",
  ],
  examples: [
    "deno task serve",
    "deno task serve --port 8080 --host 0.0.0.0 --no-urls --token-file token.txt",
    'curl --data-binary @photo.jpg -H "content-type: image/jpeg" "http://127.0.0.1:8000/explain?topK=3"',
  ],
};
