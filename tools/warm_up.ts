/**
 * Loads the wasm runtime before a test file or a documentation example runs; see `warmUpWasm`.
 *
 * @module
 */
import { warmUpWasm } from "../tests/support/devices.ts";

await warmUpWasm();
