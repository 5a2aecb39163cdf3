/**
 * Imported first by each group of tests: sessions then take one thread unless a test says more. Groups run side by side,
 * and threads that wait for each other by spinning took a sixth of the processor's time.
 *
 * @module
 */
Object.defineProperty(Object.getPrototypeOf(navigator), "hardwareConcurrency", {
  configurable: true,
  get: () => 1,
});
