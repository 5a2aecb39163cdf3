import { assert, assertEquals, assertThrows } from "@std/assert";
import { createBuilder } from "../../src/graph/builder.ts";
import { bindWeights } from "../../src/weights/bind.ts";
import type { WeightFile } from "../../src/weights/tensor_table.ts";
import { toByteSource } from "../../src/bytes/byte_source.ts";
import { encodeSafetensors, parseSafetensors } from "../../src/weights/safetensors.ts";

function graph() {
  const b = createBuilder("g");
  const x = b.input("x", "float32", [2]);
  const sum = b.add(b.add(x, b.weight("a.wide", [2])), b.weight("a.narrow", [2]));
  b.output(b.add(sum, b.weight("b.wide", [2])), "y");
  return { graph: b.build(), files: new Map() };
}

function file(name: string, tensors: Record<string, "float32" | "float16">, fill = 0): WeightFile {
  const bytes = encodeSafetensors(
    Object.entries(tensors).map(([tensor, type]) => {
      const data = type === "float32" ? Float32Array.of(fill, fill + 1) : Uint16Array.of(0x3c00, 0x4000);
      return { name: tensor, type, shape: [2], data: new Uint8Array(data.buffer) };
    }),
  );
  return { name, content: toByteSource(bytes), table: parseSafetensors(bytes) };
}

/** The numbers that an initializer points to. */
function numbersOf(bound: ReturnType<typeof bindWeights>, name: string): number[] {
  const { data } = bound.graph.initializers.get(name)!;
  assert(data.kind === "external");
  const bytes = bound.files.get(data.file)!;
  return [...new Float32Array(bytes.read(data.offset, data.length).slice().buffer)];
}

Deno.test("bindWeights() points at float32 where it lies and widens what is narrower", () => {
  const first = file("w", { wide: "float32", narrow: "float16", unused: "float32" }, 5);
  const bound = bindWeights(graph(), first, { prefix: "a." });
  assertEquals(numbersOf(bound, "a.wide"), [5, 6]);
  assertEquals(numbersOf(bound, "a.narrow"), [1, 2]);
  assertEquals(bound.files.get("w"), first.content, "not copied");
  assertEquals(bound.graph.initializers.get("b.wide")!.data.kind, "unbound");
});

Deno.test("bindWeights() keeps two files of one name apart", () => {
  const first = bindWeights(graph(), file("w", { wide: "float32", narrow: "float16" }, 5), { prefix: "a." });
  const both = bindWeights(first, file("w", { wide: "float32" }, 8), { prefix: "b." });
  assertEquals([numbersOf(both, "a.wide"), numbersOf(both, "b.wide")], [[5, 6], [8, 9]]);
});

Deno.test("bindWeights() refers to a file that is named by its path as to one beside the model", () => {
  const path = bindWeights(graph(), file("/tmp/../a b/w.pth", { wide: "float32", narrow: "float32" }), {
    prefix: "a.",
  });
  assertEquals([...path.files.keys()], ["w.pth"]);
  const dots = bindWeights(path, file("..", { wide: "float32" }), { prefix: "b." });
  assertEquals([...dots.files.keys()], ["w.pth", "weights"]);
});

Deno.test("bindWeights() names what is missing, misshapen or there twice", () => {
  const { graph: g } = graph();
  const files = new Map();
  assertThrows(
    () => bindWeights({ graph: g, files }, file("w", { wide: "float32" })),
    TypeError,
    "no tensor a.wide",
  );
  assertThrows(
    () => bindWeights({ graph: g, files }, file("w", { wide: "float32" }), { prefix: "a." }),
    TypeError,
    "no tensor narrow",
  );
  const b = createBuilder("other");
  b.output(b.weight("wide", [3]), "y");
  assertThrows(
    () => bindWeights({ graph: b.build(), files }, file("w", { wide: "float32" })),
    TypeError,
    "wide in w is [2], the network needs [3]",
  );
  assertThrows(
    () =>
      bindWeights({ graph: g, files }, file("w", { p: "float32", q: "float32" }), { rename: () => "wide" }),
    TypeError,
    "under two names",
  );
});
