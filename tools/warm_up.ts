/**
 * Loads the wasm runtime before an example of the documentation runs, or a test file that is named; see `warmUpWasm`.
 *
 * @module
 */
import { warmUpWasm } from "../tests/support/devices.ts";

await warmUpWasm();
