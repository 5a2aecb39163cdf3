/**
 * Converts heads of the authors' program (checkpoints of PyTorch Lightning) to head files. The checkpoint's
 * `state_dict` uses the same parameter names, under the name of their module (`net.attention.`); names may contain the
 * `_orig_mod.` of torch.compile. Optimiser, metrics and settings are dropped.
 *
 * The file does not name its networks. The auxiliary follows from the head's channels. The backbone follows from the
 * file name or the hyper-parameters; if neither names one, the caller must.
 *
 * @module
 */
import { findNetwork, type NetworkDefinition, networks } from "../../models/registry.ts";
import { shortened } from "../text/foreign_text.ts";
import type { ByteSource } from "../bytes/byte_source.ts";
import { readFloat32, type TensorEntry } from "../weights/tensor_table.ts";
import { readTorchCheckpoint } from "../weights/torch/mod.ts";
import { UnknownBackboneError } from "./errors.ts";
import { FUSER, headParameters, tapParameterNames } from "./head.ts";
import { type HeadRecord, type HeadTensor, writeHead } from "./head_file.ts";
import { mentionedNetworks } from "./mentioned_networks.ts";

/** A checkpoint to import. */
export interface CheckpointFile {
  /** Its name, which may contain the backbone. */
  readonly name: string;
  /** Its bytes, in memory or on disk. */
  readonly content: ByteSource | Uint8Array;
}

/** What the caller knows about a checkpoint. */
export interface ImportOptions {
  /** Backbone that the head explains; by default the one mentioned in the file name or hyper-parameters. */
  readonly backbone?: string;
  /** Auxiliary that it reads; by default the one network with these channels. */
  readonly auxiliary?: string;
}

/** A head that was imported. */
export interface ImportedHead {
  /** The head file. */
  readonly bytes: Uint8Array;
  /** Its record. */
  readonly record: HeadRecord;
  /** Source of the backbone's name. */
  readonly backboneFrom: "options" | "file name" | "hyper-parameters";
  /** Tensors of the checkpoint that do not belong to the head. */
  readonly leftOut: readonly string[];
}

/** Number of batches seen; only training with a cumulative average uses it. */
const COUNTER = /^bns\.\d+\.num_batches_tracked$/;

/**
 * Reads a checkpoint and writes it as a head file.
 *
 * @throws {SyntaxError} When it is not a PyTorch checkpoint, or does not contain a complete head.
 * @throws {RangeError} When it claims bytes that it does not have.
 * @throws {TypeError} When no auxiliary has the head's channels, or several have, or the backbone has other classes.
 * @throws {UnknownBackboneError} When the backbone is unknown.
 */
export async function importHead(file: CheckpointFile, options: ImportOptions = {}): Promise<ImportedHead> {
  const { table, root } = readTorchCheckpoint(file.content, { name: file.name, leaveOut: true });
  const { parameters, leftOut } = headEntries(file.name, table.tensors);
  const channels = findChannels(parameters);
  const rows = parameters.get(FUSER)?.shape[0] ?? 0;
  const wanted = headParameters({ channels, sizes: [], classes: rows });
  const tensors: HeadTensor[] = [];
  for (const [name, shape] of wanted) {
    const entry = parameters.get(name);
    if (entry === undefined) throw new SyntaxError(`Cannot import ${file.name}: it lacks ${name} of a head`);
    if (entry.shape.join() !== shape.join()) {
      throw new SyntaxError(
        `Cannot import ${file.name}: ${name} is [${entry.shape.join(", ")}], not [${shape.join(", ")}]`,
      );
    }
    const data = readFloat32(file.content, entry);
    if (!data.every(Number.isFinite)) {
      throw new SyntaxError(`Cannot import ${file.name}: ${name} has numbers that are not finite`);
    }
    tensors.push({ name, shape, data });
  }
  for (const name of parameters.keys()) {
    if (!wanted.has(name) && !COUNTER.test(name)) {
      throw new SyntaxError(
        `Cannot import ${file.name}: its head has ${shortened(name)}, which this head format does not have`,
      );
    }
  }
  const auxiliary = auxiliaryWith(file.name, channels, options.auxiliary);
  const mentioned = mentionedNetworks(file.name, root);
  const { backbone, backboneFrom } = chooseBackbone(file.name, auxiliary, options, mentioned);
  const classes = findNetwork(backbone)?.classes ?? rows;
  if (classes !== rows) {
    throw new TypeError(
      `Cannot import ${file.name}: its head has ${rows} classes, ${backbone} has ${classes}`,
    );
  }
  const record: HeadRecord = {
    name: file.name.replace(/\.[^.]+$/, ""),
    auxiliary,
    backbone,
    trained: true,
    training: { imported: file.name, ...mentioned.progress },
  };
  return { bytes: await writeHead(record, tensors), record, backboneFrom, leftOut };
}

/** The head's tensors under the names of head files: those of the module that contains `fuser.weight`. */
function headEntries(file: string, tensors: ReadonlyMap<string, TensorEntry>) {
  const clean = [...tensors].map(([name, entry]) => [name.replaceAll("_orig_mod.", ""), entry] as const);
  const fusers = clean.filter(([name]) => name === FUSER || name.endsWith(`.${FUSER}`));
  if (fusers.length !== 1) {
    const found = fusers.length === 0 ? "no" : `${fusers.length} tensors named`;
    throw new SyntaxError(
      `Cannot import ${file}: it has ${found} ${FUSER}, so it does not contain a P-TAME head`,
    );
  }
  const prefix = fusers[0]![0].slice(0, -FUSER.length);
  const parameters = new Map<string, TensorEntry>();
  const leftOut: string[] = [];
  for (const [name, entry] of clean) {
    const own = name.startsWith(prefix) ? name.slice(prefix.length) : "";
    const isHead = /^(convs|bns|fuser)\./.test(own);
    if (!isHead) leftOut.push(shortened(name));
    else if (parameters.has(own)) {
      throw new SyntaxError(`Cannot import ${file}: it has ${shortened(own)} twice`);
    } else parameters.set(own, entry);
  }
  return { parameters, leftOut };
}

function findChannels(parameters: ReadonlyMap<string, TensorEntry>): number[] {
  const channels: number[] = [];
  for (;;) {
    const bias = parameters.get(tapParameterNames(channels.length).convBias);
    if (bias === undefined) return channels;
    channels.push(bias.shape[0] ?? 0);
  }
}

/** The named auxiliary, checked if it is known, or the only network with these channels. */
function auxiliaryWith(file: string, channels: readonly number[], named: string | undefined): string {
  const reads = `Cannot import ${file}: its head reads ${channels.join(", ")} channels`;
  const channelsFrom = ({ taps }: NetworkDefinition) => taps.map((tap) => tap.channels).join(", ");
  if (named !== undefined) {
    const known = findNetwork(named);
    if (known === undefined || channelsFrom(known) === channels.join(", ")) return named;
    throw new TypeError(`${reads}, ${named} gives ${channelsFrom(known)}`);
  }
  const fitting = networks.filter((network) => channelsFrom(network) === channels.join(", "));
  const [only, ...others] = fitting;
  if (only === undefined) throw new TypeError(`${reads}, which no auxiliary gives`);
  if (others.length === 0) return only.name;
  throw new TypeError(
    `${reads}, which ${fitting.map(({ name }) => name).join(" and ")} give; name the auxiliary`,
  );
}

function chooseBackbone(
  file: string,
  auxiliary: string,
  options: ImportOptions,
  mentioned: ReturnType<typeof mentionedNetworks>,
): Pick<ImportedHead, "backboneFrom"> & { backbone: string } {
  if (options.backbone !== undefined) return { backbone: options.backbone, backboneFrom: "options" };
  // If two networks are named and one is the auxiliary, the other is the backbone.
  const others = (names: readonly string[]) =>
    names.length > 1 ? names.filter((name) => name !== auxiliary) : names;
  const inName = others(mentioned.inName);
  const inSettings = others(mentioned.inSettings);
  if (inName.length === 1) return { backbone: inName[0]!, backboneFrom: "file name" };
  if (inName.length === 0 && inSettings.length === 1) {
    return { backbone: inSettings[0]!, backboneFrom: "hyper-parameters" };
  }
  const found = [...inName, ...inSettings];
  const why = found.length === 0
    ? "neither its name nor its hyper-parameters name a backbone"
    : `it names ${found.join(" and ")}`;
  throw new UnknownBackboneError(`Cannot import ${file}: ${why}; name the backbone that its head explains`);
}
