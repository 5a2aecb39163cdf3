import { assertEquals, assertMatch } from "@std/assert";
import { runtimeMessage } from "../../src/runtime/errors.ts";

const HTML = [
  // Chromium, Firefox, WebKit; as onnxruntime hands them on.
  "no available backend found. ERR: [wasm] RuntimeError: Aborted(CompileError: WebAssembly.instantiate(): expected magic word 00 61 73 6d, found 3c 21 44 4f @+0)",
  "Aborted(CompileError: wasm validation error: at offset 4: failed to match magic number)",
  "Aborted(CompileError: WebAssembly.Module doesn't parse at byte 0: module doesn't start with '\\0asm')",
];

for (const said of HTML) {
  Deno.test(`runtimeMessage() names a web page in place of a .wasm file: ${said.slice(0, 60)}`, () => {
    assertMatch(runtimeMessage(new Error(said)), /^the server sends a web page instead .* wasmPaths/);
  });
}

Deno.test("runtimeMessage() keeps the reason of another broken .wasm file", () => {
  const said = "CompileError: WebAssembly.instantiate(): expected 10 bytes, fell off end @+12";
  assertEquals(runtimeMessage(new Error(said)), said);
});
