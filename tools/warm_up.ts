/**
 * Loads the wasm runtime before documentation examples run as tests: its threads belong to the process, and the
 * resource sanitizer would lay their message ports to the first example that explains something.
 *
 * @module
 */
import { createBuilder } from "../src/graph/builder.ts";
import { openSession } from "../src/runtime/mod.ts";

const b = createBuilder("warm_up");
b.output(b.relu(b.input("x", "float32", [1])), "y");
const session = await openSession(b.build(), { device: "wasm" });
await session.dispose();
