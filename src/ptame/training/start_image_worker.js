/**
 * Starts the worker of image_worker.ts. It is JavaScript, because the name in `new Worker(new URL(…))` stays as it is
 * when a package for npm is made, and a bundler looks for that file.
 *
 * @module
 */
import "./image_worker.ts";
