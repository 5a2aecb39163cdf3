/**
 * Starts the worker of decode_worker.ts. It is JavaScript, because the name in `new Worker(new URL(…))` stays as it is
 * when a package for npm is made, and a bundler looks for that file.
 *
 * @module
 */
import "./decode_worker.ts";
