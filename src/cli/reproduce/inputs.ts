/**
 * What the options of `reproduce` name, read and checked before anything is measured.
 *
 * @module
 */
import { heads } from "../../../models/heads.ts";
import { findNetwork } from "../../../models/registry.ts";
import { evenlySpread } from "../../ptame/evenly_spread.ts";
import { PTAME } from "../../ptame/explanation.ts";
import { type HeadRecord, readHead } from "../../ptame/head_file.ts";
import { parseForeignJson } from "../../text/foreign_json.ts";
import { quoted } from "../explainer_options.ts";
import { isFile, readFile } from "../files.ts";
import { printable } from "../terminal.ts";
import { UsageError } from "../usage.ts";
import { listedImages, validationImages } from "./imagenet.ts";
import type { ReproduceValues } from "./options.ts";

/** A backbone to measure, and the files that are given for it. */
export interface BackboneFiles {
  readonly backbone: string;
  /** Path of its head; none if no row needs one, or a head is shipped. */
  readonly head?: string | undefined;
  /** What the head says. */
  readonly record?: HeadRecord | undefined;
  /** Path of its weights, if they are given. */
  readonly weights?: string | undefined;
  /** Path of the auxiliary's, if they are given. */
  readonly auxiliaryWeights?: string | undefined;
}

/** Published numbers by backbone, method and key, such as "AD100". */
export type Published = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>>;

/** The backbones in their order, with their heads. */
export async function readBackbones(options: ReproduceValues): Promise<BackboneFiles[]> {
  const weights = await givenWeights(options.weights);
  const given = new Map<string, { readonly head: string; readonly record: HeadRecord }>();
  for (const head of options.head) {
    if (/\.ckpt$/i.test(head)) {
      throw new UsageError(
        `Option --head takes a .safetensors file; convert ${head}: deno task models import ${quoted(head)}`,
      );
    }
    const { record } = await readHead(await readFile(head, "head"), head);
    const { backbone } = record;
    const before = given.get(backbone);
    if (before !== undefined) {
      throw new UsageError(`Option --head names two heads of ${backbone}: ${before.head} and ${head}`);
    }
    if (!options.backbones.includes(backbone)) {
      throw new UsageError(
        `Head ${printable(head)} is of ${printable(backbone)}, not of one of ${options.backbones.join(", ")}`,
      );
    }
    given.set(backbone, { head, record });
  }
  return options.backbones.map((backbone) => {
    const own = given.get(backbone);
    if (own === undefined && options.methods.includes(PTAME)) checkShipped(backbone);
    const auxiliary = own?.record.auxiliary;
    return {
      ...{ backbone, ...own, weights: weights.get(backbone) },
      auxiliaryWeights: auxiliary === undefined || auxiliary === backbone
        ? undefined
        : weights.get(auxiliary),
    };
  });
}

/** An error that says how to train a head, if none is shipped. */
function checkShipped(backbone: string): void {
  if (heads.some((head) => head.backbone === backbone)) return;
  const out = `${backbone}_paper.safetensors`;
  throw new UsageError(
    `There is no head of ${backbone}: name one with --head, leave out ${PTAME} (--methods), or train one as the paper ` +
      `does: deno task train --backbone ${backbone} --auxiliary resnet18 --images IMAGENET/train --rows own --masks ` +
      `area --start default --out ${out}`,
  );
}

async function givenWeights(given: readonly string[]): Promise<Map<string, string>> {
  const weights = new Map<string, string>();
  for (const each of given) {
    const at = each.indexOf("=");
    const [name, path] = [each.slice(0, at), each.slice(at + 1)];
    if (at < 1 || path === "") throw new UsageError(`Option --weights takes NAME=FILE, not ${each}`);
    if (findNetwork(name) === undefined) throw new UsageError(`Option --weights names no network: ${name}`);
    if (!await isFile(path)) throw new UsageError(`Cannot read weights ${path}: no such file`);
    weights.set(name, path);
  }
  return weights;
}

/** The images to measure. */
export async function readImages({ imagenet, list, limit }: ReproduceValues): Promise<string[]> {
  const all = await validationImages(imagenet);
  const listed = list === undefined ? all : await listedImages(list, all);
  return limit === undefined ? listed : evenlySpread(listed, limit);
}

/** Published numbers, which the user has. */
export async function readPublished(path: string | undefined): Promise<Published> {
  if (path === undefined) return {};
  const text = new TextDecoder().decode(await readFile(path, "published numbers"));
  let value: unknown;
  try {
    value = parseForeignJson(text);
  } catch (cause) {
    throw new Error(`Cannot read published numbers ${printable(path)}: it ${(cause as Error).message}`, {
      cause,
    });
  }
  const isTable = (of: unknown): of is Record<string, unknown> =>
    typeof of === "object" && of !== null && !Array.isArray(of);
  const right = isTable(value) &&
    Object.values(value).every((rows) =>
      isTable(rows) &&
      Object.values(rows).every((row) =>
        isTable(row) && Object.values(row).every((number) => typeof number === "number")
      )
    );
  if (right) return value as Published;
  throw new Error(
    `Cannot read published numbers ${printable(path)}: they are by backbone, method and measure, ` +
      '{"vgg16": {"gradcam": {"AD100": 12.3}}}',
  );
}
