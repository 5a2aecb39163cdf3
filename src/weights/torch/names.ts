/**
 * The allow-list: every Python name that a file may request, and the plain data that calling it creates. PyTorch writes
 * tensors, their types and their containers with these names; any other name is refused.
 *
 * A training checkpoint may contain objects of its own program next to the weights (hyper-parameters, callbacks). They
 * are never needed, so a caller may skip them. That is as safe as refusing, because nothing is executed either way. But
 * a file that requests the interpreter or the system is an attack, and is refused in any case.
 *
 * @module
 */
import { shortened } from "../../text/foreign_text.ts";
import { ELEMENTS, STORAGE_CLASSES } from "./elements.ts";
import { rebuiltTensor } from "./rebuild.ts";
import { isKind, kindName, type Pickled } from "./values.ts";

/** Modules whose functions act on the machine or on other objects. No checkpoint needs them. */
const ATTACKS: ReadonlySet<string> = new Set(
  ("_codecs _io _operator _pickle asyncio bdb cProfile code codeop commands ctypes distutils doctest fcntl ftplib gc " +
    "http httplib imaplib importlib inspect io marshal mmap multiprocessing nt ntpath operator os pdb pickle pip " +
    "pkgutil platform popen2 posix posixpath profile pty pydoc requests runpy shutil site smtplib socket sqlite3 ssl " +
    "subprocess sys tempfile threading timeit trace urllib urllib2 venv webbrowser zipfile zipimport").split(
      " ",
    ),
);
/** The same for Python's builtins; its types are harmless. */
const ATTACKING_BUILTINS: ReadonlySet<string> = new Set(
  ("__import__ breakpoint compile delattr eval exec execfile exit getattr globals help input locals open quit setattr " +
    "vars").split(" "),
);

function isAttack(module: string, name: string): boolean {
  if (module === "builtins" || module === "__builtin__") return ATTACKING_BUILTINS.has(name.split(".")[0]!);
  return ATTACKS.has(module.split(".")[0]!) || module.startsWith("torch.hub");
}

/** How to treat a name that is not on the allow-list. */
export interface NameOptions {
  /** Skips objects that are not data instead of refusing the file. */
  readonly leaveOut?: boolean;
}

/**
 * The value of a name.
 *
 * @throws {SyntaxError} When it is not allowed; the message names it.
 */
export function globalNamed(module: string, name: string, { leaveOut = false }: NameOptions): Pickled {
  const full = `${module}.${name}`;
  const known = ALLOWED.get(full);
  if (known !== undefined) return { kind: "global", name: full, call: known };
  const dtype = module === "torch" ? ELEMENTS.get(name) : undefined;
  if (dtype !== undefined || STORAGE_CLASSES.has(full)) return { kind: "global", name: full };
  if (BESIDE.has(full) || (leaveOut && !isAttack(module, name))) return { kind: "left out", name: full };
  const whole = /^(torch\.nn|torchvision)\./.test(module) ? "; save the model's state_dict() instead" : "";
  throw new SyntaxError(`it asks for ${shortened(full)}, which is not a tensor${whole}`);
}

type Call = (args: readonly Pickled[]) => Pickled;

/** An ordered dictionary: empty, or from a list of pairs as Python 2 wrote it. */
function dictionary(args: readonly Pickled[]): Pickled {
  const entries = new Map<Pickled, Pickled>();
  const pairs = args[0];
  if (pairs === undefined) return { kind: "dict", entries };
  if (isKind(pairs, "dict")) return { kind: "dict", entries: new Map(pairs.entries) };
  if (!isKind(pairs, "list")) {
    throw new SyntaxError(`it makes a dictionary of a ${shortened(kindName(pairs))}`);
  }
  for (const pair of pairs.items) {
    const items = isKind(pair, "list") || isKind(pair, "tuple") ? pair.items : [];
    if (items.length !== 2) throw new SyntaxError(`it makes a dictionary of a ${shortened(kindName(pair))}`);
    entries.set(items[0]!, items[1]!);
  }
  return { kind: "dict", entries };
}

/** A sequence, from which torch.Size and sets are made. */
function sequence(kind: "tuple" | "set"): Call {
  return ([items]) => {
    if (items === undefined) return { kind, items: [] };
    if (!isKind(items, "list") && !isKind(items, "tuple")) {
      throw new SyntaxError(`it makes a ${kind} of a ${shortened(kindName(items))}`);
    }
    return { kind, items: items.items };
  };
}

/** Bytes as protocol 2 writes them: a text of one character per byte, to be encoded in Latin-1. */
function encoded([text, encoding]: readonly Pickled[]): Pickled {
  if (typeof text !== "string" || (encoding !== "latin1" && encoding !== "latin-1")) {
    throw new SyntaxError(`it encodes a ${shortened(kindName(text))} as ${shortened(String(encoding))}`);
  }
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new SyntaxError("it encodes a text in Latin-1 that does not fit");
    bytes[i] = code;
  }
  return bytes;
}

/** A parameter becomes its tensor; its other attributes (requires_grad, hooks) matter only for training. */
function firstTensor([tensor]: readonly Pickled[]): Pickled {
  if (!isKind(tensor, "tensor") && !isKind(tensor, "left out")) {
    throw new SyntaxError(`it makes a parameter of a ${shortened(kindName(tensor))}`);
  }
  return tensor;
}

/** A tensor with attributes: a function of this list, a type, its arguments, and the attributes, which are dropped. */
function fromType([rebuild, , args]: readonly Pickled[]): Pickled {
  if (
    !isKind(rebuild, "global") || rebuild.call === undefined ||
    !rebuild.name.startsWith("torch._utils._rebuild_")
  ) {
    throw new SyntaxError(`it rebuilds a tensor by a ${shortened(kindName(rebuild))}`);
  }
  if (!isKind(args, "tuple")) {
    throw new SyntaxError(`it rebuilds a tensor from a ${shortened(kindName(args))}`);
  }
  return rebuild.call(args.items);
}

/** Devices and layouts: represented by their first argument, because nothing reads them. */
const plain: Call = ([value]) => value ?? null;

const ALLOWED: ReadonlyMap<string, Call> = new Map<string, Call>([
  ["torch._utils._rebuild_tensor", (args) => rebuiltTensor(args)],
  ["torch._utils._rebuild_tensor_v2", (args) => rebuiltTensor(args)],
  ["torch._utils._rebuild_tensor_v3", (args) => rebuiltTensor(args, { typed: true })],
  ["torch._utils._rebuild_parameter", firstTensor],
  ["torch._utils._rebuild_parameter_with_state", firstTensor],
  ["torch.nn.parameter.Parameter", firstTensor],
  ["torch.nn.parameter.Buffer", firstTensor],
  ["torch._tensor._rebuild_from_type_v2", fromType],
  ["torch.Tensor", firstTensor],
  ["torch.Size", sequence("tuple")],
  ["torch.device", plain],
  ["torch.serialization._get_layout", plain],
  ["collections.OrderedDict", dictionary],
  ["_codecs.encode", encoded],
  ["__builtin__.set", sequence("set")],
  ["builtins.set", sequence("set")],
  ["__builtin__.frozenset", sequence("set")],
  ["builtins.frozenset", sequence("set")],
  // Special dictionaries for the settings of a run.
  ["pytorch_lightning.utilities.parsing.AttributeDict", dictionary],
  ["lightning.pytorch.utilities.parsing.AttributeDict", dictionary],
  ["lightning.fabric.utilities.data.AttributeDict", dictionary],
  ["lightning_fabric.utilities.data.AttributeDict", dictionary],
]);

/** Settings and scores that programs store next to weights: common, harmless, never weights. They are skipped. */
const BESIDE: ReadonlySet<string> = new Set([
  "argparse.Namespace",
  "collections.Counter",
  "collections.defaultdict",
  "numpy.core.multiarray._reconstruct",
  "numpy.core.multiarray.scalar",
  "numpy._core.multiarray._reconstruct",
  "numpy._core.multiarray.scalar",
  "numpy.dtype",
  "numpy.ndarray",
  "pathlib.Path",
  "pathlib.PosixPath",
  "pathlib.PurePosixPath",
  "pathlib.WindowsPath",
  "pathlib._local.PosixPath",
  "pathlib._local.WindowsPath",
]);
