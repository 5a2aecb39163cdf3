/**
 * The page's worker: the library, off the page's thread.
 *
 * @module
 */
/// <reference lib="webworker" />
import { serveWorker } from "@ptame/ptame/worker/serve";

serveWorker(self);
