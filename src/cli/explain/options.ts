/**
 * The options of `explain`.
 *
 * @module
 */
import { REGION_THRESHOLD } from "../../explanation/region_threshold.ts";
import { COLORMAPS } from "../../image/colormap.ts";
import { MOST_STEPS } from "../../ptame/refine/types.ts";
import { DECODE_OPTIONS } from "../decode_options.ts";
import { DEVICE_OPTIONS, MODEL_OPTIONS } from "../explainer_options.ts";
import { ONNX_OPTIONS } from "../onnx_model.ts";
import type { Call, Declaration, Given } from "../options/command.ts";
import { choice, flag, group, list, number, text, wholeNumber } from "../options/kinds.ts";
import { FONT_OPTION } from "../fonts.ts";
import { QUIET_OPTION } from "../output_options.ts";
import { shardOption } from "../shards/option.ts";
import { IMAGE_COLUMN_OPTION } from "../sources/option.ts";
import { METHOD_OPTIONS } from "./method.ts";

const OPTIONS = {
  ...MODEL_OPTIONS,
  ...group("What is explained", {
    target: list("INDEX|LABEL", "Class to explain; index:N or label:NAME says which is meant", {
      usual: "the top class",
    }),
    top: wholeNumber("K", "Explain the K most probable classes", { least: 1 }),
    against: text("INDEX|LABEL", "Show the evidence for the class over this one (ptame only)"),
    refine: wholeNumber("N", "Sharpen each map in N steps for its image (ptame only); 20 serve most images", {
      least: 1,
      most: MOST_STEPS,
    }),
    boxes: flag("Give boxes around the regions where each map is strong, in pixels of the image"),
    threshold: number("T", "The least value of a map inside a box, above 0 and at most 1; a map ends at 1", {
      usual: REGION_THRESHOLD,
    }),
    check: flag("Compare the map with maps that ignore the classifier"),
  }),
  ...group("A head for an .onnx classifier of your own", {
    photos: text(
      "DIR|LIST",
      "Photographs, without labels, from which a head is made before explaining, or trained further; it is kept beside " +
        "the classifier as NAME.ptame.safetensors and used from then on",
    ),
    minutes: number("M", "How long that may take in all", { usual: 1 }),
  }),
  ...METHOD_OPTIONS,
  ...DEVICE_OPTIONS,
  ...DECODE_OPTIONS,
  ...group("A folder or list of images", {
    workers: wholeNumber("N", "Number of parallel workers", { least: 1, usual: "one per core, 8 at most" }),
    html: flag("Also write DIR/gallery.html beside the results: all images, to filter, sort and open"),
    shard: shardOption("Explain"),
    ...IMAGE_COLUMN_OPTION,
  }),
  ...group("Output", {
    out: text(
      "PATH|DIR",
      "Output path of the overlay; its ending says .png, .webp, .jpg or .avif; - is standard output",
      {
        usual: "NAME.explained.png in the working folder",
      },
    ),
    map: text(
      "FILE|DIR",
      "Also write the map itself, as .npy, .png or .json; for several images, as .npy into a folder; beside it, in " +
        ".raw.npy or in the JSON, its values before scaling, with their sign",
    ),
    animate: text(
      "FILE",
      "Also erase the image from the strongest part of its map to the weakest, as an animation (.gif or .webp)",
    ),
    scale: choice(
      "own|shared",
      ["own", "shared"],
      "Scale each map by its own range, or all maps of this run by one, so that they can be compared; shared takes twice " +
        "as long for several images",
      { default: "own" },
    ),
    verbose: flag("Also show the device and why it is used, and what a classifier from an .onnx file sees"),
    colours: choice("NAME", COLORMAPS, "Colours of the map; in all but turbo, stronger is lighter", {
      usual: COLORMAPS[0]!,
    }),
    opacity: number("N", "Opacity of the strongest part of the map over the image, 0 to 1", {
      usual: "0.75, of --against 0.85",
    }),
    small: flag("Write overlays as small files, slowly"),
    full: flag("Draw overlays at the image's own size, not at 480 to 1600 pixels"),
    ...FONT_OPTION,
    json: flag("Print JSON on standard output: a document, a list for several images, lines for a folder"),
    ...QUIET_OPTION,
  }),
  ...ONNX_OPTIONS,
};

/** The arguments of `explain`. */
export type ExplainGiven = Given<typeof OPTIONS>;

/** The call of `explain`. */
export type ExplainCall = Call<typeof OPTIONS>;

/** `explain` and its options. */
export const EXPLAIN: Declaration<typeof OPTIONS> = {
  name: "explain",
  about: "Explain images: what the classifier sees, and where it looks",
  arguments: {
    usage: [
      "[IMAGE…|-] [options]",
      "DIR|LIST.txt|FILE.tar --out DIR [options]",
    ],
    most: Infinity,
  },
  options: OPTIONS,
  notes: [
    "Without an image, it explains the shipped sample. For a folder, a text file with one path per line, a .tar or .parquet file or s3://bucket/prefix, it " +
    "explains every image on a pool of workers; a stopped run continues when it is started again. Images, models, heads " +
    "and results may be objects of a store, s3://bucket/key; docs/object-storage.md says how.",
  ],
  examples: [
    "deno task explain photo.jpg",
    'deno task explain photo.jpg --target "tiger cat" --out cat.png',
    "deno task explain - --out - < photo.jpg > overlay.png",
    "deno task explain a.jpg b.jpg --top 3 --out explained/ --json",
    "deno task explain photo.jpg --model my_classifier.onnx --head my_head.safetensors",
    "deno task explain photo.jpg --model my_classifier.onnx --photos my_photos/",
    "deno task explain photo.jpg --model hf:owner/name --method gradcam --boxes",
    'deno task explain photo.jpg --target "tiger cat" --against tabby',
    "deno task explain photo.jpg --refine 20",
    "deno task explain photo.jpg --method gradcam --check",
    "deno task explain photo.jpg --animate erased.gif",
    "deno task explain photo.jpg --map map.npy --device wasm --threads 1",
    "deno task explain photos/ --out explained/ --html",
    "deno task explain photos/ --out explained/ --shard 3/16",
    "deno task explain s3://bucket/images --out s3://bucket/explained",
    "deno task explain shard-0000.tar --out explained/",
  ],
};
