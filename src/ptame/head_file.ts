/**
 * A head as a safetensors file: the parameters of `head.ts`, and a record in the metadata that describes the head.
 *
 * @module
 */
import { uint8ArrayToHex } from "uint8array-extras";
import { asBytes } from "../graph/constants.ts";
import { elementCount } from "../graph/types.ts";
import { toByteSource } from "../bytes/byte_source.ts";
import { float32ToFloat16 } from "../bytes/half.ts";
import { seal, sealFault, UNSEALED } from "../weights/seal.ts";
import { encodeSafetensors, parseSafetensors } from "../weights/safetensors.ts";
import { readFloat32, type TensorTable, type TensorType, type WeightFile } from "../weights/tensor_table.ts";
import { type FitRecord, isFitRecord } from "./fit/fit_record.ts";
import { FUSER, headParameters, type HeadShape, tapParameterNames } from "./head.ts";
import { parseForeignJson } from "../text/foreign_json.ts";
import { withoutUndefined } from "../text/without_undefined.ts";

/** The record of a head: what it is and where it comes from. */
export interface HeadRecord {
  /** Name for people. */
  readonly name: string;
  /** Auxiliary whose taps it reads. */
  readonly auxiliary: string;
  /** Names of those taps, if the auxiliary is not a network of models/ and its name does not identify them. */
  readonly taps?: readonly string[];
  /** Backbone that it explains. */
  readonly backbone: string;
  /** Whether it has been trained; an untrained head is the class-activation start or random. */
  readonly trained: boolean;
  /** Licence of the weights, and whom to credit. */
  readonly licence?: string;
  /** How well its class rows were regressed, if it started from the classifier's inputs and outputs alone. */
  readonly fit?: FitRecord;
  /** Digest of the .onnx file that it was fitted to; it refuses another. See fit/model_digest.ts. */
  readonly modelDigest?: string;
  /** How it was trained: data, steps, hyper-parameters, measures. */
  readonly training?: Readonly<Record<string, unknown>>;
}

/** A head in memory. */
export interface Head {
  /** Its record. */
  readonly record: HeadRecord;
  /** Channels of each tap that it reads, shallow to deep. */
  readonly channels: readonly number[];
  /** Number of classes: rows of the fuser. */
  readonly classes: number;
  /** The complete file. */
  readonly bytes: Uint8Array;
  /** The file for binding to a graph. */
  readonly file: WeightFile;
  /** The fuser weights of one class, Σ channels long. */
  row(index: number): Float32Array;
}

const FORMAT = "ptame-head";
/** Version 1 has a seal; version 0 has only a digest of the tensors. */
const VERSION = 1;
/** Name of a network that a record does not name. */
const UNKNOWN = "unknown";

/**
 * Reads a head file and checks that it is complete.
 *
 * @param name Name of the file in errors; "" if it has none.
 * @throws {SyntaxError} When it is not a head file, lacks a tensor, does not match its own hash or is of a newer version.
 */
export async function readHead(bytes: Uint8Array, name: string): Promise<Head> {
  const called = name === "" ? "head" : `head ${name}`;
  let table: TensorTable;
  try {
    table = parseSafetensors(bytes);
  } catch (cause) {
    throw new SyntaxError(`Cannot read ${called}: ${(cause as Error).message}`, { cause });
  }
  const { metadata, tensors } = table;
  if (metadata["format"] !== FORMAT) {
    throw new SyntaxError(`Cannot read ${called}: its metadata do not say format ${FORMAT}`);
  }
  const fault = await sealFault(bytes, metadata, VERSION);
  if (fault !== undefined) throw new SyntaxError(`Cannot read ${called}: ${fault}`);
  const channels: number[] = [];
  for (;;) {
    const bias = tensors.get(tapParameterNames(channels.length).convBias);
    if (bias === undefined) break;
    channels.push(bias.shape[0] ?? 0);
  }
  const fuser = tensors.get(FUSER);
  if (channels.length === 0 || fuser === undefined) {
    throw new SyntaxError(`Cannot read ${called}: it has no convs.0.bias or no ${FUSER}`);
  }
  const classes = fuser.shape[0] ?? 0;
  for (const [parameter, shape] of headParameters({ channels, sizes: [], classes })) {
    const found = tensors.get(parameter);
    if (found === undefined) {
      throw new SyntaxError(`Cannot read ${called}: tensor ${parameter} is missing`);
    }
    if (found.shape.join() !== shape.join()) {
      throw new SyntaxError(
        `Cannot read ${called}: ${parameter} is [${found.shape.join(", ")}], not [${shape.join(", ")}]`,
      );
    }
  }
  const start = Math.min(...[...tensors.values()].map((entry) => entry.offset));
  const hash = await sha256(bytes.subarray(start));
  if (metadata["sha256"] !== undefined && metadata["sha256"] !== hash) {
    throw new SyntaxError(`Cannot read ${called}: its data do not match the SHA-256 in its metadata`);
  }
  const width = fuser.shape[1]!;
  const rowBytes = fuser.length / classes;
  return {
    record: parseRecord(metadata, name, called),
    channels,
    classes,
    bytes,
    file: { name: called, content: toByteSource(bytes), table },
    row: (index) => {
      if (!Number.isInteger(index) || index < 0 || index >= classes) {
        throw new RangeError(`Cannot read fuser row ${index}: the head has ${classes} classes`);
      }
      const offset = fuser.offset + index * rowBytes;
      return readFloat32(bytes, { ...fuser, shape: [width], offset, length: rowBytes });
    },
  };
}

function parseRecord(metadata: Readonly<Record<string, string>>, name: string, called: string): HeadRecord {
  const parsed = (entry: string, words: string): unknown => {
    try {
      return metadata[entry] === undefined ? undefined : parseForeignJson(metadata[entry]);
    } catch (cause) {
      throw new SyntaxError(`Cannot read ${called}: its ${words} is not JSON, or too large`, { cause });
    }
  };
  const training = parsed("training", "training record") as Record<string, unknown> | undefined;
  const taps = parsed("taps", "list of taps");
  const fit = parsed("fit", "record of the fit");
  if (fit !== undefined && !isFitRecord(fit)) {
    throw new SyntaxError(`Cannot read ${called}: its record of the fit is not complete`);
  }
  if (taps !== undefined && !(Array.isArray(taps) && taps.every((tap) => typeof tap === "string"))) {
    throw new SyntaxError(`Cannot read ${called}: its taps are not a list of names`);
  }
  return {
    name: metadata["name"] ?? (name || "unnamed"),
    auxiliary: metadata["auxiliary"] ?? UNKNOWN,
    backbone: metadata["backbone"] ?? UNKNOWN,
    trained: metadata["trained"] === "true",
    ...withoutUndefined({ taps, licence: metadata["licence"], fit, training }),
    ...withoutUndefined({ modelDigest: metadata["model_sha256"] }),
  };
}

/**
 * Name of the class rows of a fit, [classes, channels of the last tap], which a head file may hold beside its parameters,
 * so that training with shared rows can continue with it.
 */
export const FITTED_ROWS = "fit.rows";

/** The class rows that a head was fitted with, as a tensor to be written with it. */
export function fittedRowsTensor(rows: Float32Array, classes: number): HeadTensor {
  return { name: FITTED_ROWS, shape: [classes, rows.length / classes], data: rows };
}

/** The class rows in a head file; `undefined` if it was not fitted, or they do not fit its last tap. */
export function readFittedRows({ file, classes, channels }: Head): Float32Array | undefined {
  const entry = file.table.tensors.get(FITTED_ROWS);
  if (entry?.shape.join() !== [classes, channels.at(-1)!].join()) return undefined;
  return readFloat32(file.content, entry).slice();
}

/** A tensor of a head to be written. */
export interface HeadTensor {
  /** One of the names of `headParameters`. */
  readonly name: string;
  /** Its dimensions. */
  readonly shape: readonly number[];
  /** Its numbers, in C order. */
  readonly data: Float32Array;
}

/**
 * Writes a head file.
 *
 * @param tensors All of `headParameters`, in any order.
 * @param type "float16" halves the file; a map changes by about 1e-3 of its range.
 */
export async function writeHead(
  record: HeadRecord,
  tensors: Iterable<HeadTensor>,
  type: "float32" | "float16" = "float32",
): Promise<Uint8Array> {
  const stored = [...tensors].map(({ name, shape, data }) => {
    if (elementCount(shape) !== data.length) {
      throw new TypeError(`Cannot write head: ${name} has ${data.length} numbers for [${shape.join(", ")}]`);
    }
    // Statistics and biases are small, and a running variance may be below the range of float16.
    const narrow = type === "float16" && shape.length > 1;
    return narrow
      ? { name, type: "float16" as TensorType, shape, data: asBytes(float32ToFloat16(data)) }
      : { name, type: "float32" as TensorType, shape, data: asBytes(data) };
  });
  const body = encodeSafetensors(stored);
  const start = Math.min(...[...parseSafetensors(body).tensors.values()].map((entry) => entry.offset));
  const metadata: Record<string, string> = {
    seal: UNSEALED,
    version: String(VERSION),
    format: FORMAT,
    name: record.name,
    auxiliary: record.auxiliary,
    backbone: record.backbone,
    trained: String(record.trained),
    sha256: await sha256(body.subarray(start)),
  };
  if (record.taps !== undefined) metadata["taps"] = JSON.stringify(record.taps);
  if (record.licence !== undefined) metadata["licence"] = record.licence;
  if (record.fit !== undefined) metadata["fit"] = JSON.stringify(record.fit);
  if (record.modelDigest !== undefined) metadata["model_sha256"] = record.modelDigest;
  if (record.training !== undefined) metadata["training"] = JSON.stringify(record.training);
  return await seal(encodeSafetensors(stored, metadata));
}

/**
 * Refuses a head that does not fit.
 *
 * @param taps The auxiliary's taps, if known.
 * @throws {TypeError} When its channels or taps are not the auxiliary's, or its classes not the backbone's.
 */
export function checkHeadFits(
  head: Head,
  auxiliary: string,
  shape: HeadShape,
  taps?: readonly { readonly name: string }[],
): void {
  if (head.channels.join() !== shape.channels.join()) {
    throw new TypeError(
      `Cannot use head ${head.record.name}: it reads ${
        head.channels.join(", ")
      } channels (${head.record.auxiliary}), ` +
        `auxiliary ${auxiliary} gives ${shape.channels.join(", ")}`,
    );
  }
  if (head.record.auxiliary !== UNKNOWN && head.record.auxiliary !== auxiliary) {
    throw new TypeError(
      `Cannot use head ${head.record.name}: it reads ${head.record.auxiliary}, the auxiliary is ${auxiliary}`,
    );
  }
  const [read, given] = [head.record.taps?.join(", "), taps?.map(({ name }) => name).join(", ")];
  if (read !== undefined && given !== undefined && read !== given) {
    throw new TypeError(
      `Cannot use head ${head.record.name}: it reads taps ${read}, those of auxiliary ${auxiliary} are ${given}`,
    );
  }
  if (head.classes !== shape.classes) {
    throw new TypeError(
      `Cannot use head ${head.record.name}: it has ${head.classes} classes, the backbone ${shape.classes}`,
    );
  }
}

async function sha256(bytes: Uint8Array): Promise<string> {
  return uint8ArrayToHex(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}
