/** Files that were made to harm whoever reads them: each is refused with one clear line, quickly and in little memory. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type ByteSource, toByteSource } from "../../../src/bytes/byte_source.ts";
import { parseTorch } from "../../../src/weights/torch/mod.ts";
import { archiveOf, floats, join, little, p, pickleOf, type Piece, sequenceOf, zipOf } from "./make_files.ts";

/** Reads a file and gives the error; it must come from the reader, on one line. */
function refusal(bytes: Uint8Array | ByteSource, leaveOut = false): string {
  const error = assertThrows(() => parseTorch(bytes, { name: "f", leaveOut })) as Error;
  assert(error instanceof SyntaxError || error instanceof RangeError, `${error.stack}`);
  assert(error.message.startsWith("Cannot read f: "), error.message);
  // deno-lint-ignore no-control-regex
  assertEquals(/[\u0000-\u001f\u007f]/.test(error.message), false, JSON.stringify(error.message));
  assert(error.message.length < 500, error.message);
  return error.message.slice("Cannot read f: ".length);
}

/** A dictionary with one good tensor, and what a test adds. */
function table(...more: [Piece, Piece][]): Piece {
  return p.dict([p.text("w"), p.tensor("0", [2, 2], [2, 1])], ...more);
}

const GOOD = { 0: floats(1, 2, 3, 4) };

Deno.test("parseTorch() executes nothing and names what a pickle asks for", () => {
  const asked: [string, string][] = [
    ["os", "system"],
    ["posix", "system"],
    ["subprocess", "Popen"],
    ["builtins", "eval"],
    ["__builtin__", "exec"],
    ["builtins", "getattr"],
    ["torch.hub", "load"],
    ["importlib", "import_module"],
    ["os.path", "join"],
  ];
  for (const [module, name] of asked) {
    const called = p.call(p.name(module, name), p.text("touch /tmp/ran"));
    for (const bytes of [archiveOf(table([p.text("x"), called]), GOOD), sequenceOf(called)]) {
      const expected = `it asks for ${module}.${name}, which is not a tensor`;
      assertEquals(refusal(bytes), expected);
      assertEquals(refusal(bytes, true), expected, "not left out either");
    }
  }
  // By the other opcodes that name something.
  const stacked = join(p.text("os"), p.text("system"), 0x93);
  assertEquals(refusal(archiveOf(stacked)), "it asks for os.system, which is not a tensor");
  const inst = join("(", p.text("ls"), "ios\nsystem\n");
  assertEquals(
    refusal(archiveOf(inst)),
    "its pickle has a class of protocol 0, which PyTorch does not write",
  );
  assertEquals(
    refusal(archiveOf(join(0x82, 1))),
    "its pickle has an extension code, which PyTorch does not write",
  );
  // An allowed name is no way to others: attributes, state and arguments make nothing run.
  const attribute = p.name("torch", "serialization.os.system");
  assertEquals(
    refusal(archiveOf(attribute)),
    "it asks for torch.serialization.os.system, which is not a tensor",
  );
  const rebuilt = p.call(
    p.name("torch._tensor", "_rebuild_from_type_v2"),
    p.name("collections", "OrderedDict"),
    p.none,
    p.tuple(),
    p.none,
  );
  assertEquals(refusal(archiveOf(rebuilt)), "it rebuilds a tensor by a collections.OrderedDict");
  const callsText = p.call(p.text("os.system"), p.text("ls"));
  assertEquals(refusal(archiveOf(callsText)), "its pickle calls a string");
  const whole = p.call(p.name("torchvision.models.resnet", "ResNet"));
  assertEquals(
    refusal(archiveOf(whole)),
    "it asks for torchvision.models.resnet.ResNet, which is not a tensor; save the model's state_dict() instead",
  );
  const controls = p.name("o\x1b[2Js", "sys\rtem");
  assertEquals(refusal(archiveOf(controls)), "it asks for o�[2Js.sys�tem, which is not a tensor");
});

Deno.test("parseTorch() refuses objects inside the tensors' dictionary even where others are left out", () => {
  const object = p.call(p.name("my.module", "Quantized"));
  assertEquals(
    refusal(archiveOf(table([p.text("q"), object]), GOOD), true),
    "its q asks for my.module.Quantized, which is not a tensor",
  );
});

Deno.test("parseTorch() refuses pickles that are broken or would fill the memory", () => {
  const broken: [Piece | Uint8Array, string | RegExp][] = [
    [join("N"), "it holds a None, not a dictionary of tensors"],
    [join("0"), "its pickle takes more from its stack than it has"],
    [join("t"), "its pickle takes more from its stack than it has"],
    [join("h", 7), "its pickle asks for the memo 7, which it never filled"],
    [join(0xff), /^its pickle has the unknown opcode 0xff at byte \d+$/],
    [join(0x80, 9), "its pickle has protocol 9; 5 is the newest known"],
    [
      join("X", little(0xfffffff0, 4), "abc"),
      /^its pickle claims 4294967280 bytes of text where \d+ are left$/,
    ],
    [join(0x8e, little(1n << 62n, 8)), /^its pickle claims 46116860184273\d+ bytes of text where/],
    [join(0x8b, little(0x7fffffff, 4)), "its pickle has a whole number of 2147483647 bytes"],
    [join("I", "9".repeat(200), "\n"), /^its pickle has the number 9+…9+$/],
    [join("c", "a".repeat(5000), "\nb\n"), /^it has a line of more than 4096 bytes at byte \d+$/],
    [join("X", little(2, 4), 0xc3, 0x28), "its pickle has a text that is not UTF-8"],
    [join("(", p.text("a"), "d"), "its pickle sets a key without a value"],
    [join(p.none, p.none, "a"), "its pickle appends to a None"],
    [join(p.dict(), p.none, "b", p.text("a"), p.none, "b"), "its pickle sets attributes of a string"],
    [p.call(p.name("collections", "OrderedDict"), p.text("ab")), "it makes a dictionary of a string"],
    [
      join(p.tuple(p.text("storage"), p.none), "Q"),
      "it refers to a tuple outside its pickle that is not a storage",
    ],
    [join(p.text("0"), "Q"), "it refers to a string outside its pickle that is not a storage"],
  ];
  for (const [pickle, expected] of broken) {
    const message = refusal(archiveOf(join(pickle)));
    if (typeof expected === "string") assertEquals(message, expected);
    else assert(expected.test(message), message);
  }
  // A million dictionaries, lists or marks, each of one byte.
  for (const opcode of ["}", "]", "(", ")"]) {
    const many = archiveOf(join(opcode.repeat(1_200_000)));
    assertEquals(refusal(many), "its pickle would take more than 256 MiB of memory");
  }
  // One list of pairs, which is handed to a constructor again and again.
  const pair = p.list(p.none, p.none);
  const pairs = join("](", ...Array.from({ length: 2000 }, () => pair), "e", "q", 1, "0");
  const made = join(p.name("collections", "OrderedDict"), "h", 1, 0x85, "R", "0");
  assertEquals(
    refusal(archiveOf(join(pairs, ...Array.from({ length: 4000 }, () => made)))),
    "its pickle would take more than 256 MiB of memory",
  );
});

Deno.test("parseTorch() walks nothing that is nested or holds itself", () => {
  const depth = 200_000;
  assertEquals(
    refusal(archiveOf(join("]".repeat(depth), "a".repeat(depth - 1)))),
    "it holds a list, not a dictionary of tensors",
  );
  // A dictionary under every usual key of itself.
  const names = ["state_dict", "model", "net", "module", "params", "weights", "network"];
  const itself = join("}q", 1, "(", ...names.flatMap((name) => [p.text(name), join("h", 1)]), "u");
  assertEquals(
    refusal(archiveOf(itself)),
    `it has no dictionary of tensors; its keys are ${names.join(", ")}`,
  );
  // One large dictionary without tensors under a hundred thousand keys of another.
  const large = p.dict(...Array.from({ length: 50_000 }, (_, i): [Piece, Piece] => [p.int(i), p.none]));
  const many = Array.from({ length: 50_000 }, (_, i): [Piece, Piece] => [p.int(i), join("h", 2)]);
  const started = performance.now();
  refusal(archiveOf(join(large, "q", 2, "0", p.dict(...many))));
  assert(performance.now() - started < 5000);
});

Deno.test("parseTorch() refuses tensors and storages beyond what the file has", () => {
  const tensors: [Piece, string][] = [
    [p.tensor("0", [5], [1]), "it has a tensor [5] that ends at byte 20 of a storage of 16"],
    [p.tensor("0", [2], [4]), "it has a tensor [2] that ends at byte 20 of a storage of 16"],
    [p.tensor("0", [1], [1], 4, 4), "it has a tensor [1] that ends at byte 20 of a storage of 16"],
    [p.tensor("0", [-1], [1]), "it has a tensor's shape of -1"],
    [p.tensor("0", [2], [-1]), "it has a tensor's strides of -1"],
    [p.tensor("0", [1], [1], 4, -1), "it has a tensor's offset of -1"],
    [p.tensor("0", [2, 2], [1]), "it has a tensor of 2 dimensions with 1 strides"],
    [p.tensor("0", new Array(65).fill(1), new Array(65).fill(1)), "it has a tensor of 65 dimensions"],
    [p.tensor("7", [1], [1]), "its tensor x is in the storage 7, which is missing"],
    [p.tensor("0", [5], [1], 5), "its tensor x is in a storage of 20 bytes, of which the file has 16"],
    [
      p.tensor("0", [0x7fffffff, 0x7fffffff], [0, 0]),
      "^its tensor x claims 46116860141324\\d+ elements in a file of",
    ],
    [
      p.call(p.name("torch._utils", "_rebuild_tensor_v2"), p.none, p.int(0), p.tuple(), p.tuple()),
      "it has a tensor on a None in place of a storage",
    ],
    [
      p.call(
        p.name("torch._utils", "_rebuild_tensor_v2"),
        p.storage("QInt8Storage", "0", 4),
        p.int(0),
        p.tuple(p.int(4)),
        p.tuple(p.int(1)),
      ),
      "its tensor x has the type qint8, which is not read",
    ],
    [
      p.call(p.name("torch._utils", "_rebuild_sparse_tensor")),
      "it asks for torch._utils._rebuild_sparse_tensor",
    ],
  ];
  for (const [tensor, expected] of tensors) {
    const message = refusal(archiveOf(p.dict([p.text("x"), tensor]), GOOD));
    assert(
      message === expected || message.startsWith(expected) || new RegExp(expected).test(message),
      message,
    );
  }
  // The old form: what stands before a storage, and its end.
  const one = p.dict([p.text("x"), p.tensor("a", [4], [1])]);
  const bytes = GOOD[0];
  const sequences: [Uint8Array, RegExp][] = [
    [sequenceOf(one, [["a", 3, bytes]]), /^its storage a has 3 elements and claims 4$/],
    [sequenceOf(one, [["a", 4, bytes.subarray(0, 15)]]), /^its storage a claims bytes \d+ to \d+ of \d+$/],
    [sequenceOf(one, [["b", 4, bytes]]), /^it lists a storage b that it does not have$/],
    [sequenceOf(one, [["a", 4, bytes], ["a", 4, bytes]]), /^it lists a storage a that it does not have$/],
    [sequenceOf(one), /^its tensor x is in the storage a, which is missing$/],
    [sequenceOf(one, [["a", 4, bytes]], false), /^its numbers are not little-endian$/],
    [
      sequenceOf(p.dict([p.text("x"), p.tensor("a", [1], [1], 2 ** 31 - 1)]), [["a", 2 ** 31 - 1, bytes]]),
      /^its storage a claims bytes/,
    ],
    [
      sequenceOf(p.dict([p.text("x"), p.tensor("a", [4], [1])], [p.text("y"), p.tensor("a", [5], [1], 5)]), [
        ["a", 4, bytes],
      ]),
      /^it describes the storage a in two ways$/,
    ],
  ];
  for (const [file, expected] of sequences) {
    const message = refusal(file);
    assert(expected.test(message), message);
  }
});

Deno.test("parseTorch() refuses archives that lie about their entries", () => {
  const pickle = pickleOf(table());
  const storage = GOOD[0];
  const good = [["a/data.pkl", pickle], ["a/data/0", storage]] as const;
  assertEquals(parseTorch(zipOf(good)).tensors.get("w")!.length, 16);
  const at = 30 + "a/data.pkl".length + pickle.length;
  const lies: [Uint8Array, RegExp][] = [
    // A bomb: few bytes that would inflate to many. Nothing is ever inflated.
    [zipOf([["a/data.pkl", pickle, { method: 8 }]]), /^its entry a\/data\.pkl is compressed; PyTorch stores/],
    [zipOf([["a/data.pkl", pickle, { flags: 1 }]]), /^its entry a\/data\.pkl is encrypted$/],
    [
      zipOf([...good, ["a/data/1", storage, { local: at }]]),
      /^its entry a\/data\/1 is not where its zip directory says$/,
    ],
    [
      zipOf([good[0], ["a/data/0", storage, { length: 1 << 30 }]]),
      /^its entry a\/data\/0 claims bytes \d+ to \d+,/,
    ],
    [
      zipOf([good[0], ["a/data/0", storage, { local: 0x7fffffff }]]),
      /^its entry a\/data\/0 claims byte 2147483647 of/,
    ],
    [
      zipOf([good[0], ["a/data/0", storage, { localName: "a/data/1" }]]),
      /is not where its zip directory says$/,
    ],
    [zipOf([good[0], good[1], good[1]]), /^its zip directory names a\/data\/0 twice$/],
    // Entries of one local header each, the first long enough to hold the second.
    [
      zipOf([["a/data.pkl", pickle], ["a/data/0", storage, { length: 16 + 40, flags: 8 }], [
        "a/data/1",
        storage,
      ]]),
      /^its entries a\/data\/0 and a\/data\/1 overlap$/,
    ],
    [zipOf(good, { count: 60000 }), /^its zip directory has 2 entries and claims 60000$/],
    [zipOf(good, { directory: 0 }), /^its zip directory claims bytes 0 to \d+, and must end at \d+$/],
    [zipOf(good, { directory: 0xfffffff0 }), /^its zip directory claims bytes 4294967280 to/],
    [zipOf(good).subarray(0, -1), /^its zip directory is missing: the file is cut short or damaged$/],
    [zipOf([["a/data/0", storage]]), /^it is a zip archive without data\.pkl/],
    [zipOf([]), /^it is a zip archive without data\.pkl/],
    [
      zipOf([...good, ["a/constants.pkl", storage]]),
      /^it is a program of TorchScript; save the model's state_dict/,
    ],
    [zipOf([...good, ["a/byteorder", join("big")]]), /^its numbers have the byte order big, not little$/],
    [zipOf([...good, ["a/x\ny", storage, { method: 8 }]]), /^its entry a\/x�y is compressed/],
    [
      zipOf([...good, ["a/code/m.py", storage, { method: 8 }], ["a/constants.pkl", storage]]),
      /^it is a program of TorchScript/,
    ],
  ];
  for (const [bytes, expected] of lies) {
    const message = refusal(bytes);
    assert(expected.test(message), message);
  }
});

Deno.test("parseTorch() asks for little of a file that claims to be huge", () => {
  // A directory that says it is 15 GB long, in a source that says it has them.
  const bytes = zipOf([["a/data.pkl", pickleOf(table())], ["a/data/0", GOOD[0]]]);
  const size = 2 ** 34;
  const end = bytes.slice(-22);
  end.set(little(0xfffffff0, 4), 12);
  end.set(little(0, 4), 16);
  let most = 0;
  const huge: ByteSource = {
    size,
    read: (offset, length) => {
      most = Math.max(most, length);
      const part = new Uint8Array(length);
      if (offset === 0) part.set(toByteSource(bytes).read(0, Math.min(length, 30)));
      if (offset + length === size) part.set(end, length - 22);
      return part;
    },
  };
  refusal(huge);
  assert(most <= 1 << 17, `${most} bytes were asked for at once`);
});
