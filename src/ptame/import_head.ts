/**
 * Heads of the authors' program as head files: a user's own checkpoint of PyTorch Lightning becomes a file of ours. Its
 * `state_dict` names the head's parameters as we do, under the module that holds them (`net.attention.`), and a
 * `_orig_mod.` of torch.compile may stand inside a name. Optimiser, metrics and settings beside it are left out.
 *
 * The file does not say which networks it is for. The auxiliary follows from the channels that the head reads; the
 * backbone from the name of the file or from its hyper-parameters, where they name one, else the caller must.
 *
 * @module
 */
import { findNetwork, type NetworkDefinition, networks } from "../../models/registry.ts";
import { shown } from "../text/shown.ts";
import type { ByteSource } from "../bytes/byte_source.ts";
import { float32Of, type TensorEntry } from "../weights/tensor_table.ts";
import { readTorchCheckpoint } from "../weights/torch/mod.ts";
import { UnknownBackboneError } from "./errors.ts";
import { FUSER, headParameters, tapParameterNames } from "./head.ts";
import { type HeadRecord, type HeadTensor, writeHead } from "./head_file.ts";
import { mentionedNetworks } from "./mentioned_networks.ts";

/** A checkpoint to import. */
export interface CheckpointFile {
  /** Its name; the backbone may stand in it. */
  readonly name: string;
  /** Its bytes, in memory or on disk. */
  readonly content: ByteSource | Uint8Array;
}

/** What the caller knows of a checkpoint. */
export interface ImportOptions {
  /** Backbone that the head explains; by default what the file's name or its hyper-parameters mention. */
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
  /** Where the backbone's name was found. */
  readonly backboneFrom: "options" | "file name" | "hyper-parameters";
  /** Tensors of the checkpoint's dictionary that are no part of the head. */
  readonly leftOut: readonly string[];
}

/** Batches seen; matters to training with a cumulative average alone. */
const COUNTER = /^bns\.\d+\.num_batches_tracked$/;

/**
 * Reads a checkpoint and writes it as a head file.
 *
 * @throws {SyntaxError} When it is no checkpoint of PyTorch, or holds no whole head.
 * @throws {RangeError} When something that it claims is not inside it.
 * @throws {TypeError} When no auxiliary has the head's channels, or several have, or the backbone has other classes.
 * @throws {UnknownBackboneError} When nothing says which backbone the head explains.
 */
export async function importHead(file: CheckpointFile, options: ImportOptions = {}): Promise<ImportedHead> {
  const { table, root } = readTorchCheckpoint(file.content, { name: file.name, leaveOut: true });
  const { parameters, leftOut } = headEntries(file.name, table.tensors);
  const channels = channelsOf(parameters);
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
    const data = float32Of(file.content, entry);
    if (!data.every(Number.isFinite)) {
      throw new SyntaxError(`Cannot import ${file.name}: ${name} has numbers that are not finite`);
    }
    tensors.push({ name, shape, data });
  }
  for (const name of parameters.keys()) {
    if (!wanted.has(name) && !COUNTER.test(name)) {
      throw new SyntaxError(`Cannot import ${file.name}: its head has ${shown(name)}, which ours has not`);
    }
  }
  const auxiliary = auxiliaryWith(file.name, channels, options.auxiliary);
  const mentioned = mentionedNetworks(file.name, root);
  const { backbone, backboneFrom } = backboneOf(file.name, auxiliary, options, mentioned);
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

/** The head's tensors under our names: those of the module that holds `fuser.weight`. */
function headEntries(file: string, tensors: ReadonlyMap<string, TensorEntry>) {
  const clean = [...tensors].map(([name, entry]) => [name.replaceAll("_orig_mod.", ""), entry] as const);
  const fusers = clean.filter(([name]) => name === FUSER || name.endsWith(`.${FUSER}`));
  if (fusers.length !== 1) {
    const found = fusers.length === 0 ? "no" : `${fusers.length} tensors named`;
    throw new SyntaxError(`Cannot import ${file}: it has ${found} ${FUSER}, so it holds no head of P-TAME`);
  }
  const prefix = fusers[0]![0].slice(0, -FUSER.length);
  const parameters = new Map<string, TensorEntry>();
  const leftOut: string[] = [];
  for (const [name, entry] of clean) {
    const own = name.startsWith(prefix) ? name.slice(prefix.length) : "";
    const isHead = /^(convs|bns|fuser)\./.test(own);
    if (!isHead) leftOut.push(shown(name));
    else if (parameters.has(own)) throw new SyntaxError(`Cannot import ${file}: it has ${shown(own)} twice`);
    else parameters.set(own, entry);
  }
  return { parameters, leftOut };
}

function channelsOf(parameters: ReadonlyMap<string, TensorEntry>): number[] {
  const channels: number[] = [];
  for (;;) {
    const bias = parameters.get(tapParameterNames(channels.length).convBias);
    if (bias === undefined) return channels;
    channels.push(bias.shape[0] ?? 0);
  }
}

/** The auxiliary that is named, checked where it is known, or the one network with these channels. */
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

function backboneOf(
  file: string,
  auxiliary: string,
  options: ImportOptions,
  mentioned: ReturnType<typeof mentionedNetworks>,
): Pick<ImportedHead, "backboneFrom"> & { backbone: string } {
  if (options.backbone !== undefined) return { backbone: options.backbone, backboneFrom: "options" };
  // Where two networks are named, one of them the auxiliary, the other is the backbone.
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
  throw new UnknownBackboneError(`Cannot import ${file}: ${why}; say which backbone its head explains`);
}
