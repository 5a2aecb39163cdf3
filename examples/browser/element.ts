/**
 * `<ptame-explain>` as one script: `<script type="module" src="…/src/page/element.js">` in any page of the same server
 * defines it. The worker and the runtime lie beside this file.
 *
 * @module
 */
import { defineElement } from "@ptame/ptame/element";

defineElement({
  worker: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }),
  runtime: { wasmPaths: new URL("./onnxruntime/", import.meta.url).href },
});
