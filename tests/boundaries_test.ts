import { assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

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

Deno.test("only src/cli prints; only it and src/weights/storage touch Deno.*", () => {
  const outside = (...folders: string[]) => (path: string) =>
    !folders.some((folder) => path.startsWith(folder));
  const touching = filesThat((text) => /\bDeno\./.test(text), "src", "models");
  assertEquals(touching.filter(outside("src/cli/", "src/weights/storage/")), []);
  const printing = filesThat((text) => /\bconsole\./.test(text), "src", "models");
  assertEquals(printing.filter(outside("src/cli/")), []);
});

Deno.test("graph and gradient are pure: no clock, no random numbers, no input or output", () => {
  const impure = (text: string) => /Math\.random|Date\.now|performance\.|\bfetch\(|\bsetTimeout/.test(text);
  assertEquals(filesThat(impure, "src/graph", "src/gradient"), []);
});

Deno.test("src/classifier imports nothing of what is built on classifiers", () => {
  const above = ["ptame", "baselines", "faithfulness", "worker", "server", "cli"].join("|");
  const imports = (text: string) =>
    new RegExp(`(from|import\\()\\s*"(\\.\\./)+(src/)?(${above})/`).test(text);
  assertEquals(filesThat(imports, "src/classifier"), []);
  assertEquals(filesThat(imports, "src/ptame").length > 0, true);
});

Deno.test("only src/classifier/labels.ts knows ImageNet's labels", () => {
  assertEquals(filesThat((text) => /imagenet_1k\.ts/.test(text), "src"), ["src/classifier/labels.ts"]);
});
