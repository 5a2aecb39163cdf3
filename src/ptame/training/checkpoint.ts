/**
 * A training run on disk: its state as safetensors, and its position and settings in the metadata. A resumed run
 * continues bit for bit on the same device.
 *
 * @module
 */
import { asBytes } from "../../graph/constants.ts";
import { float32Tensor } from "../../runtime/mod.ts";
import { seal, sealFault, UNSEALED } from "../../weights/seal.ts";
import { encodeSafetensors, parseSafetensors } from "../../weights/safetensors.ts";
import { readFloat32, type TensorTable } from "../../weights/tensor_table.ts";
import type { FitRecord } from "../fit/fit_record.ts";
import type { HeadShape } from "../head.ts";
import { FITTED_ROWS, fittedRowsTensor, type HeadTensor } from "../head_file.ts";
import type { SkippedImage } from "./training_images.ts";
import type { RowForm } from "./rows.ts";
import { KEPT_CLASSES } from "./sorting.ts";
import { stateShapes } from "./training_state.ts";
import type { TrainingState } from "./training_step.ts";
import { parseForeignJson } from "../../text/foreign_json.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";

/** The loss of one step. */
export interface StepLoss {
  /** Counted from 1. */
  readonly step: number;
  /** Cross-entropy of the masked images, unweighted. */
  readonly ce: number;
  /** Area of the masks, unweighted. */
  readonly area: number;
  /** Variation of the masks, unweighted. */
  readonly variation: number;
  /** The weighted sum. */
  readonly total: number;
}

/** A validation: means over held-out images, in percent. */
export interface Validation {
  /** Number of steps before it. */
  readonly step: number;
  /** Average drop at 100, 50 and 15 % of the map; lower is better. */
  readonly averageDrop: readonly [number, number, number];
  /** Increase in confidence at the same percentages; higher is better. */
  readonly increase: readonly [number, number, number];
  /** Mean of the maps, 0 to 1. */
  readonly maskArea: number;
}

/** The position of a run. */
export interface RunRecord {
  /** Steps done. */
  readonly step: number;
  /** Images taken; see `BatchReader.position`. */
  readonly position: number;
  /** The settings of the run; a resumed run must have the same. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The losses so far. */
  readonly losses: readonly StepLoss[];
  /** The validations so far. */
  readonly validations: readonly Validation[];
  /** Images that could not be read so far; none if absent. */
  readonly skipped?: readonly SkippedImage[];
  /** The weights that the start added to the first tap's part of every row; see edge_start.ts. */
  readonly edgeRow?: readonly number[];
  /** How well the class rows were regressed, if the run began with that. */
  readonly fit?: FitRecord;
}

/** A checkpoint in memory. */
export interface Checkpoint {
  readonly record: RunRecord;
  readonly state: TrainingState;
  /** The best head so far as a head file, if one has been validated. */
  readonly best: Uint8Array | undefined;
  /** [images, 5]: classes of the images, if they were sorted; see `SortedImages`. */
  readonly classes?: Int32Array | undefined;
  /** Class rows of a regression, if the run began with one. */
  readonly fitted?: HeadTensor | undefined;
}

const FORMAT = "ptame-checkpoint";
/** Version 1 has a seal. */
const VERSION = 1;
/** Five numbers and more for each step: runs of a million steps. */
const RECORD_LIMITS = { characters: 400_000_000, depth: 16, values: 20_000_000 };
/** Name of the best head's file inside the checkpoint. */
const BEST = "best_head_file";
/** The images' classes. */
const CLASSES = "image_classes";

/** Writes a checkpoint, not sealed yet; see {@linkcode sealedCheckpoint}. */
export function encodeCheckpoint({ record, state, best, classes, fitted }: Checkpoint): Uint8Array {
  const tensors = Object.entries(state).map(([name, tensor]) => ({
    name,
    type: "float32" as const,
    shape: tensor.shape,
    data: asBytes(tensor.data),
  }));
  const file = best === undefined
    ? []
    : [{ name: BEST, type: "uint8" as const, shape: [best.length], data: best }];
  const rows = (classes?.length ?? 0) / KEPT_CLASSES;
  const sorted = classes === undefined
    ? []
    : [{ name: CLASSES, type: "int32" as const, shape: [rows, KEPT_CLASSES], data: asBytes(classes) }];
  const regressed = fitted === undefined
    ? []
    : [{ name: fitted.name, type: "float32" as const, shape: fitted.shape, data: asBytes(fitted.data) }];
  return encodeSafetensors([...tensors, ...file, ...sorted, ...regressed], {
    seal: UNSEALED,
    version: String(VERSION),
    format: FORMAT,
    record: JSON.stringify(record),
  });
}

/** Writes a checkpoint with its seal. */
export async function sealedCheckpoint(checkpoint: Checkpoint): Promise<Uint8Array> {
  return await seal(encodeCheckpoint(checkpoint));
}

/**
 * Reads a checkpoint for a head of this shape, if its seal and version are right. Version 0 has no seal.
 *
 * @throws {SyntaxError} When it is damaged, of a newer version or not a checkpoint.
 * @throws {TypeError} When its head has another shape.
 */
export async function readCheckpoint(
  bytes: Uint8Array,
  shape: HeadShape,
  rows?: RowForm,
): Promise<Checkpoint> {
  const checkpoint = decodeCheckpoint(bytes, shape, rows);
  const fault = await sealFault(bytes, parseSafetensors(bytes).metadata, VERSION);
  if (fault !== undefined) throw new SyntaxError(`Cannot read checkpoint: ${fault}`);
  return checkpoint;
}

/**
 * Reads a checkpoint for a head of this shape, whatever its seal.
 *
 * @throws {SyntaxError} When it is damaged or not a checkpoint.
 * @throws {TypeError} When its head has another shape.
 */
export function decodeCheckpoint(bytes: Uint8Array, shape: HeadShape, rows?: RowForm): Checkpoint {
  let header, record: RunRecord;
  try {
    header = parseSafetensors(bytes);
    if (header.metadata["format"] !== FORMAT) {
      throw new SyntaxError(`its metadata do not say format ${FORMAT}`);
    }
    record = runRecordIn(header.metadata["record"] ?? "");
  } catch (cause) {
    throw new SyntaxError(`Cannot read checkpoint: ${(cause as Error).message}`, { cause });
  }
  const state: TrainingState = {};
  for (const [name, dims] of stateShapes(shape, rows)) {
    const entry = header.tensors.get(name);
    if (entry === undefined || entry.shape.join() !== dims.join()) {
      const found = entry === undefined ? "missing" : `[${entry.shape.join(", ")}]`;
      throw new TypeError(
        `Cannot resume: ${name} of the checkpoint is ${found}, the head needs [${dims.join(", ")}]`,
      );
    }
    state[name] = float32Tensor(readFloat32(bytes, entry).slice(), dims);
  }
  const readTensor = (name: string) => {
    const entry = header.tensors.get(name);
    return entry === undefined ? undefined : bytes.slice(entry.offset, entry.offset + entry.length);
  };
  const classes = readTensor(CLASSES);
  return {
    record,
    state,
    best: readTensor(BEST),
    ...withoutUndefined({
      classes: classes && new Int32Array(classes.buffer),
      fitted: readFitted(bytes, header, shape),
    }),
  };
}

function readFitted(
  bytes: Uint8Array,
  { tensors }: TensorTable,
  { classes, channels }: HeadShape,
): HeadTensor | undefined {
  const entry = tensors.get(FITTED_ROWS);
  if (entry?.shape.join() !== [classes, channels.at(-1)!].join()) return undefined;
  return fittedRowsTensor(readFloat32(bytes, entry).slice(), classes);
}

/** The record in a text; its errors begin with "its record". */
function runRecordIn(text: string): RunRecord {
  let value: unknown;
  try {
    value = parseForeignJson(text, RECORD_LIMITS);
  } catch (cause) {
    throw new SyntaxError(`its record ${(cause as Error).message}`, { cause });
  }
  if (!isRunRecord(value)) throw new SyntaxError("its record does not say where the run is");
  return value;
}

/** Whether a record has everything that resuming needs; a foreign file may contain anything. */
function isRunRecord(value: unknown): value is RunRecord {
  if (typeof value !== "object" || value === null) return false;
  const { step, position, settings, losses, validations, skipped = [] } = value as Record<string, unknown>;
  const isCount = (number: unknown) => Number.isSafeInteger(number) && Number(number) >= 0;
  return isCount(step) && isCount(position) && typeof settings === "object" && settings !== null &&
    [losses, validations, skipped].every(Array.isArray) && (losses as unknown[]).length === step;
}
