import { assertEquals, assertThrows } from "@std/assert";
import { parseArguments } from "../../../src/cli/options/command.ts";
import {
  choice,
  choices,
  fileName,
  flag,
  group,
  list,
  needed,
  number,
  numbers,
  share,
  text,
  wholeNumber,
} from "../../../src/cli/options/kinds.ts";
import { UsageError } from "../../../src/cli/usage.ts";

const OPTIONS = {
  images: needed(text("TEXT", "Images")),
  batch: wholeNumber("N", "Images per step", { least: 1, usual: 32 }),
  ...group("Server", { port: wholeNumber("N", "Port", { least: 0, most: 65535, default: 8000 }) }),
  microBatch: wholeNumber("N", "At once", { least: 1 }),
  rate: number("X", "Rate"),
  held: share("SHARE", "Share"),
  mean: numbers("A[,B,C]", [1, 3], "Mean"),
  device: choice("NAME", ["auto", "webgpu", "wasm"], "Device", { default: "auto" }),
  rows: choice("NAME", ["own", "shared"], "Rows"),
  methods: choices("A,B,…", ["ptame", "rise", "edges"], "Methods", ["ptame"]),
  target: list("TEXT", "Class"),
  out: fileName("FILE", [".safetensors"], "Head"),
  json: flag("JSON"),
};
const parse = (...args: string[]) =>
  parseArguments({ name: "test", about: "Tests", options: OPTIONS, arguments: { most: 2 } }, args);

/** Whether two types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

Deno.test("parseArguments() infers the types of values from their declarations", () => {
  const { options } = parse("--images", "photos");
  const same: [
    Same<typeof options.images, string>,
    Same<typeof options.batch, number | undefined>,
    Same<typeof options.port, number>,
    Same<typeof options.mean, number[] | undefined>,
    Same<typeof options.device, "auto" | "webgpu" | "wasm">,
    Same<typeof options.rows, "own" | "shared" | undefined>,
    Same<typeof options.methods, readonly ("ptame" | "rise" | "edges")[]>,
    Same<typeof options.target, readonly string[]>,
    Same<typeof options.json, boolean>,
  ] = [true, true, true, true, true, true, true, true, true];
  assertEquals(same.includes(false as true), false);
});

Deno.test("parseArguments() gives values, and defaults where nothing is given", () => {
  const { options, typed, positional } = parse("a.jpg", "--images", "photos");
  assertEquals(options, {
    images: "photos",
    batch: undefined,
    port: 8000,
    microBatch: undefined,
    rate: undefined,
    held: undefined,
    mean: undefined,
    device: "auto",
    rows: undefined,
    methods: ["ptame"],
    target: [],
    out: undefined,
    json: false,
  });
  assertEquals([positional, typed], [["a.jpg"], { images: "photos" }]);
});

Deno.test("parseArguments() reads values of every kind, and keeps what was typed", () => {
  const { options, typed } = parse(
    ...["--images=p", "--batch", "4", "--port", "0", "--micro-batch", "2", "--rate", "1e-3", "--held", "0.4"],
    ...["--mean", "1,-2,3", "--device", "wasm", "--rows", "own", "--methods", "rise, edges,rise"],
    ...["--methods", "ptame", "--target", "cat", "--target", "7", "--out", "H.SafeTensors", "--json"],
  );
  assertEquals(options, {
    images: "p",
    batch: 4,
    port: 0,
    microBatch: 2,
    rate: 0.001,
    held: 0.4,
    mean: [1, -2, 3],
    device: "wasm",
    rows: "own",
    methods: ["rise", "edges", "ptame"],
    target: ["cat", "7"],
    out: "H.SafeTensors",
    json: true,
  });
  assertEquals([typed["micro-batch"], typed["target"], typed["json"]], ["2", ["cat", "7"], true]);
});

Deno.test("parseArguments() says what is wrong, with the nearest name", () => {
  const cases: [string[], string][] = [
    [[], "Option --images of test is required; see --help"],
    [["--images"], "Option --images of test needs a value"],
    [["--target"], "Option --target of test needs a value"],
    [["--micro-bach", "2"], "Unknown option --micro-bach of test: did you mean --micro-batch?"],
    [["--verson"], "Unknown option --verson of test: did you mean --version?"],
    [["--nothing-like-it"], "Unknown option --nothing-like-it of test"],
    [["--batch", "0"], "Option --batch takes a whole number of at least 1, not 0"],
    [["--batch", "1.5"], "Option --batch takes a whole number of at least 1, not 1.5"],
    [["--port", "65536"], "Option --port takes a whole number of at most 65535, not 65536"],
    [["--rate", "fast"], "Option --rate takes a number of at least 0, not fast"],
    [["--held", "1"], "Option --held takes a share from 0 to 0.9, not 1"],
    [["--mean", "1,2"], "Option --mean takes 1 or 3 numbers with commas between, not 1,2"],
    [
      ["--device", "wsam"],
      "Option --device takes one of auto, webgpu, wasm, not wsam: did you mean wasm?",
    ],
    [
      ["--methods", "ptame,rize"],
      "Option --methods takes some of ptame, rise, edges, not rize: did you mean rise?",
    ],
    [["--out", "h.onnx"], "Option --out takes a file name that ends in .safetensors, not h.onnx"],
    [["a", "b", "c"], "Unexpected argument c of test"],
  ];
  for (const [args, message] of cases) {
    const given = args.length === 0 || args[0] === "--images" ? args : ["--images", "p", ...args];
    const error = assertThrows(() => parse(...given), UsageError);
    assertEquals(error.message, message);
  }
});
