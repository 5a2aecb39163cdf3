/**
 * What the files say that model hubs keep beside a network: `config.json` of transformers and timm, and
 * `preprocessor_config.json` of transformers.
 *
 * Sources: transformers/models/STAR/image_processing_STAR.py for the defaults of each processor;
 * timm/data/transforms_factory.py (`transforms_imagenet_eval`) for crop_pct and crop_mode.
 *
 * @module
 */
import type { Fit } from "../../image/preprocess.ts";
import type { Resampling } from "../../image/resize.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { sizeIn } from "./metadata.ts";
import type { OnnxPreprocessing } from "../onnx/image_input.ts";
import { labelsIn } from "./label_files.ts";
import type { ModelDescription } from "./description.ts";

type Entries = Readonly<Record<string, unknown>>;

const isEntries = (value: unknown): value is Entries =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

/** One or three numbers. */
function channelNumbers(value: unknown): number[] | undefined {
  const numbers = [value].flat();
  return numbers.every(isNumber) && (numbers.length === 1 || numbers.length === 3) ? numbers : undefined;
}

/**
 * Reads a `config.json` of transformers or timm.
 *
 * @returns `undefined` if it is neither.
 */
export function describeConfig(config: unknown): ModelDescription | undefined {
  if (!isEntries(config)) return undefined;
  const known = ["architectures", "architecture", "model_type", "id2label", "pretrained_cfg"];
  if (!known.some((name) => name in config)) return undefined;
  const timm = isEntries(config["pretrained_cfg"]) ? config["pretrained_cfg"] : config;
  const fed = "input_size" in timm
    ? timmPreprocessing(timm)
    : withoutUndefined({ size: sideIn(config["image_size"]) });
  const activation = {
    multi_label_classification: "sigmoid" as const,
    single_label_classification: "softmax" as const,
  }[String(config["problem_type"])];
  return {
    ...(Object.keys(fed).length === 0 ? {} : { preprocessing: fed }),
    ...withoutUndefined({ labels: configLabels(config, timm), activation }),
  };
}

function configLabels(config: Entries, timm: Entries): string[] | undefined {
  const described = isEntries(timm["label_descriptions"]) ? timm["label_descriptions"] : {};
  const names = [config["id2label"], config["label2id"], config["label_names"], timm["label_names"]]
    .map(labelsIn).find((labels) => labels !== undefined);
  // transformers names classes that it has no names for.
  if (names === undefined || names.every((name, index) => name === `LABEL_${index}`)) return undefined;
  return names.map((name) => {
    const description = described[name];
    return typeof description === "string" && description !== "" ? description : name;
  });
}

/** `pretrained_cfg` of timm. */
function timmPreprocessing(cfg: Entries): OnnxPreprocessing {
  const given = cfg["input_size"];
  const size = Array.isArray(given) ? sizeIn(given as number[]) : undefined;
  const fit = ({ center: "crop", squash: "squash", border: "letterbox" } as Record<string, Fit>)[
    String(cfg["crop_mode"] ?? "center")
  ];
  const share = cfg["crop_pct"];
  const resize = size !== undefined && isNumber(share) && share > 0 && share <= 1 && fit !== "letterbox"
    ? Math.floor(Math.min(...[size].flat()) / share)
    : undefined;
  return withoutUndefined({
    size,
    resize,
    fit,
    resample: resamplingNamed(cfg["interpolation"]),
    mean: channelNumbers(cfg["mean"]),
    std: channelNumbers(cfg["std"]),
  });
}

/** PIL's filters by number or name; Lanczos is nearest to bicubic, box and Hamming to bilinear. */
function resamplingNamed(value: unknown): Resampling | undefined {
  const names: Readonly<Record<string, Resampling>> = {
    "0": "nearest",
    "1": "bicubic",
    "2": "bilinear",
    "3": "bicubic",
    "4": "bilinear",
    "5": "bilinear",
    nearest: "nearest",
    lanczos: "bicubic",
    bilinear: "bilinear",
    bicubic: "bicubic",
    box: "bilinear",
    hamming: "bilinear",
  };
  return names[String(value).toLowerCase()];
}

/** A side, or [width, height], from a number, a list [height, width] or a record. */
function sideIn(value: unknown): OnnxPreprocessing["size"] | undefined {
  if (isEntries(value)) return sizeIn([value["height"], value["width"]].map(Number));
  return sizeIn(([value].flat() as unknown[]).map((side) => isNumber(side) ? side : NaN));
}

/**
 * Reads a `preprocessor_config.json` of transformers.
 *
 * @returns `undefined` if it is none.
 */
export function describePreprocessor(config: unknown): ModelDescription | undefined {
  if (!isEntries(config)) return undefined;
  const known = [
    "image_processor_type",
    "feature_extractor_type",
    "image_mean",
    "do_resize",
    "do_normalize",
    "size",
  ];
  if (!known.some((name) => name in config)) return undefined;
  return {
    preprocessing: {
      ...processedCrop(config),
      ...processedRange(config),
      ...withoutUndefined({
        resample: resamplingNamed(config["resample"]),
        channels: config["do_flip_channel_order"] === true ? "BGR" as const : undefined,
      }),
    },
  };
}

/** Size, short side and fit. */
function processedCrop(config: Entries): OnnxPreprocessing {
  if (config["do_resize"] === false) return {};
  const { size } = config;
  const type = String(config["image_processor_type"] ?? config["feature_extractor_type"] ?? "");
  const centre = config["do_center_crop"] === true;
  const share = isNumber(config["crop_pct"]) ? config["crop_pct"] : undefined;
  const isShort = (isEntries(size) && isNumber(size["shortest_edge"])) ||
    (isNumber(size) && (centre || share !== undefined || /^(ConvNext|Levit)/i.test(type)));
  if (!isShort) {
    const whole = sideIn(size);
    const crop = centre ? sideIn(config["crop_size"]) : undefined;
    if (whole === undefined) return {};
    // Resized to `size` whatever its proportions, and then cropped.
    const shortSide = Math.min(...[whole].flat());
    return crop === undefined
      ? { size: whole, fit: "squash" }
      : { size: crop, resize: shortSide, fit: "squash" };
  }
  const edge = isNumber(size) ? size : (size as { shortest_edge: number }).shortest_edge;
  if (share !== undefined && config["crop_size"] === undefined) {
    // ConvNeXt: large images are squashed, others cropped.
    return edge >= 384
      ? { size: edge, fit: "squash" }
      : { size: edge, resize: Math.floor(edge / share), fit: "crop" };
  }
  const short = /^Levit/i.test(type) ? Math.floor(256 / 224 * edge) : Math.floor(edge / (share ?? 1));
  const crop = centre ? sideIn(config["crop_size"]) ?? edge : edge;
  return { size: crop, resize: Math.max(short, Math.min(...[crop].flat())), fit: "crop" };
}

/** Range, mean and std: pixels are multiplied with a factor (1/255) before the rest. */
function processedRange(config: Entries): OnnxPreprocessing {
  const factor = config["do_rescale"] === false
    ? 1
    : isNumber(config["rescale_factor"])
    ? config["rescale_factor"]
    : 1 / 255;
  const offset = config["rescale_offset"] === true ? -1 : 0;
  const high = 255 * factor;
  const range = [
    offset,
    Math.abs(high - Math.round(high)) < 1e-9 ? Math.round(high) + offset : high + offset,
  ] as const;
  const mean = channelNumbers(config["image_mean"]);
  const std = channelNumbers(config["image_std"]);
  const applied = config["do_normalize"] !== false && mean !== undefined && std !== undefined &&
    !std.includes(0);
  return {
    ...(range[0] === 0 && range[1] === 1 ? {} : { range }),
    ...(applied ? { mean, std } : { mean: [0], std: [1] }),
  };
}
