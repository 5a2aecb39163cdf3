/**
 * A worker of the tests, as a program would write it.
 *
 * @module
 */
/// <reference lib="webworker" />
import { serveWorker } from "../../src/worker/mod.ts";

serveWorker(self);
