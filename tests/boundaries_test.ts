import { assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

/**
 * The layers, from the ground up: what each folder of src/ may import. `ptame/training` is a layer of its own because it
 * validates heads by measures. models/ stands among them: it is written in terms of graph/, and is what weights/ are of.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  text: [],
  random: [],
  platform: [],
  bytes: [],
  transfer: ["text"],
  objects: ["text", "platform", "transfer"],
  // objects/ is for images of an object store; what asks the store is loaded with the first one.
  image: ["text", "random", "platform", "objects"],
  graph: ["text", "bytes"],
  gradient: ["graph"],
  models: ["graph"],
  // platform/ is for native.ts, which looks whether onnxruntime-node is on the disk.
  runtime: ["platform", "bytes", "graph"],
  weights: ["text", "platform", "bytes", "transfer", "graph", "models"],
  classifier: ["text", "random", "bytes", "image", "graph", "gradient", "models", "runtime", "weights"],
  explanation: ["text", "image", "graph", "runtime", "classifier"],
  // gradient/ is for the masked pass, which training and refining run; explain alone does not load it
  // (tests/cli/loaded_modules_test.ts).
  ptame: [
    ...["text", "random", "bytes", "image", "graph", "gradient", "models", "runtime", "weights"],
    ...["classifier", "explanation"],
  ],
  // graph/ is for exported files, whose maps are a part of the graph.
  baselines: ["text", "random", "image", "graph", "models", "classifier", "explanation", "ptame"],
  faithfulness: ["text", "random", "image", "classifier", "explanation", "baselines"],
  "ptame/training": [
    ...[
      "text",
      "random",
      "image",
      "graph",
      "gradient",
      "models",
      "runtime",
      "weights",
      "classifier",
    ],
    ...["ptame", "faithfulness"],
  ],
  // baselines/ is for maps by any method of a person's own classifier; its code is loaded with the first one.
  worker: [
    ...["text", "image", "runtime", "weights", "classifier", "explanation", "ptame", "ptame/training"],
    "baselines",
  ],
  element: ["text", "image", "weights", "classifier", "worker"],
  server: ["text", "image", "weights", "classifier", "explanation", "ptame"],
  // platform/ is for node:http, whose server has the limits that Deno's lacks (serving/listener.ts); random/ for the hash
  // of a name that decides its shard (shards/shard.ts); worker/ for calls to the thread of a server that explains.
  cli: [
    ...[
      "text",
      "random",
      "platform",
      "bytes",
      "objects",
      "image",
      "graph",
      "models",
      "runtime",
      "weights",
      "classifier",
      "explanation",
    ],
    ...["ptame", "baselines", "faithfulness", "ptame/training", "server", "worker"],
  ],
};

function* sources(folder: URL): Generator<[path: string, text: string]> {
  for (const entry of Deno.readDirSync(folder)) {
    const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), folder);
    if (entry.isDirectory) yield* sources(url);
    else if (entry.name.endsWith(".ts")) yield [url.href.slice(ROOT.href.length), Deno.readTextFileSync(url)];
  }
}

/** Code without comments, where an example may show anything. */
function code(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
}

function filesThat(matches: (code: string) => boolean, ...folders: string[]): string[] {
  const found: string[] = [];
  for (const folder of folders) {
    for (const [path, text] of sources(new URL(folder + "/", ROOT))) {
      if (matches(code(text))) found.push(path);
    }
  }
  return found.sort();
}

Deno.test("only src/runtime/ort.ts imports onnxruntime", () => {
  const imports = (text: string) => /(from|import\()\s*"(npm:)?onnxruntime/.test(text);
  assertEquals(filesThat(imports, "src", "models"), ["src/runtime/ort.ts"]);
});

Deno.test("only src/graph/onnx imports protobuf", () => {
  const imports = (text: string) => /from\s+"(onnx-buf|@bufbuild)/.test(text);
  const found = filesThat(imports, "src", "models");
  assertEquals(found.filter((path) => !path.startsWith("src/graph/onnx/")), []);
  assertEquals(found.length > 0, true);
});

Deno.test("only src/cli prints; only it, src/weights/storage and two files touch Deno.*", () => {
  const outside = (...folders: string[]) => (path: string) =>
    !folders.some((folder) => path.startsWith(folder));
  const touching = filesThat((text) => /\bDeno\./.test(text), "src", "models");
  // permissions.ts asks what was granted: without the answer, native.ts, which looks for onnxruntime-node in Deno's own
  // folder, would put a question to the user.
  // file_url.ts reads a file without the program of fetch, which takes 50 ms of a start to load.
  const files = ["src/runtime/native.ts", "src/platform/permissions.ts", "src/platform/file_url.ts"];
  const allowed = outside("src/cli/", "src/weights/storage/", ...files);
  assertEquals(touching.filter(allowed), []);
  const printing = filesThat((text) => /\bconsole\./.test(text), "src", "models");
  assertEquals(printing.filter(outside("src/cli/")), []);
});

Deno.test("graph and gradient are pure: no clock, no random numbers, no input or output", () => {
  const impure = (text: string) => /Math\.random|Date\.now|performance\.|\bfetch\(|\bsetTimeout/.test(text);
  assertEquals(filesThat(impure, "src/graph", "src/gradient"), []);
});

Deno.test("only src/classifier/labels.ts knows ImageNet's labels", () => {
  assertEquals(filesThat((text) => /imagenet_1k\.ts/.test(text), "src"), ["src/classifier/labels.ts"]);
});

/** The paths that a module imports, of whatever kind the import is, from the root of the repository. */
function importsOf(path: string, text: string): string[] {
  const found = code(text).matchAll(/\bfrom\s*"(\.[^"]+)"|\bimport\s*\(?\s*"(\.[^"]+)"/g);
  return [...found].map(([, from, direct]) =>
    new URL((from ?? direct)!, new URL(path, ROOT)).href.slice(ROOT.href.length)
  );
}

/** The layer that a file belongs to; `undefined` for entry points, which are built on all of them. */
function layerOf(path: string): string | undefined {
  const folder = path.replace(/^src\//, "").split("/").slice(0, -1).join("/");
  return Object.keys(ARROWS).filter((layer) => `${folder}/`.startsWith(`${layer}/`))
    .sort((a, b) => b.length - a.length)[0];
}

Deno.test("importsOf() finds imports of every form, and none in comments", () => {
  const text = `
    import { a } from "./a.ts";
    import type { B } from "../graph/b.ts";
    import "./side_effect.ts";
    export { type C, c } from "./c.ts";
    export * from "./d.ts";
    // import { no } from "./no.ts";
    /** import { no } from "./no.ts"; */
    const e = await import("../cli/e.ts");
    import { f } from "npm:f";
  `;
  const folders = [
    "image/a.ts",
    "graph/b.ts",
    "image/side_effect.ts",
    "image/c.ts",
    "image/d.ts",
    "cli/e.ts",
  ];
  assertEquals(importsOf("src/image/x.ts", text), folders.map((path) => `src/${path}`));
  assertEquals(layerOf("src/ptame/training/rows.ts"), "ptame/training");
  assertEquals(layerOf("src/ptame/head.ts"), "ptame");
  assertEquals(layerOf("src/train.ts"), undefined);
});

Deno.test("folders import what lies below them alone", () => {
  const wrong: string[] = [];
  const used = new Set<string>();
  for (const folder of ["src", "models"]) {
    for (const [path, text] of sources(new URL(folder + "/", ROOT))) {
      const from = layerOf(path);
      if (from === undefined) continue;
      for (const target of importsOf(path, text)) {
        const to = layerOf(target);
        if (to === from || (from === "cli" && target === "deno.json")) continue;
        if (to === undefined || !ARROWS[from]!.includes(to)) wrong.push(`${path} imports ${target}`);
        used.add(`${from} → ${to}`);
      }
    }
  }
  assertEquals(wrong, []);
  const listed = Object.entries(ARROWS).flatMap(([from, all]) => all.map((to) => `${from} → ${to}`));
  assertEquals(listed.filter((arrow) => !used.has(arrow)), [], "allowed, but nothing needs it");
});

Deno.test("every folder of src/ has its layer, and no arrow points up", () => {
  const layers = Object.keys(ARROWS);
  const folders = [...Deno.readDirSync(new URL("src/", ROOT))].filter((entry) => entry.isDirectory);
  assertEquals(folders.map(({ name }) => name).filter((name) => !layers.includes(name)), []);
  for (const [from, all] of Object.entries(ARROWS)) {
    // Each stands after all that it imports, so there is no circle.
    assertEquals(all.filter((to) => layers.indexOf(to) >= layers.indexOf(from)), [], from);
  }
});

Deno.test("ARCHITECTURE.md shows the layers as they are", () => {
  const text = Deno.readTextFileSync(new URL("ARCHITECTURE.md", ROOT));
  const width = Math.max(...Object.keys(ARROWS).map((layer) => layer.length));
  const lines = Object.entries(ARROWS).map(([layer, all]) =>
    `${layer.padEnd(width)}  ${all.join(" ") || "–"}`
  );
  assertEquals(text.includes("```text\n" + lines.join("\n") + "\n```"), true, `write:\n${lines.join("\n")}`);
});
