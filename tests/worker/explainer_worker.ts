/**
 * A worker of the tests, as a program would write it.
 *
 * @module
 */
/// <reference lib="webworker" />
import { serveWorker } from "../../src/worker/serve.ts";

serveWorker(self);
