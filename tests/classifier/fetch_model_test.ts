import { assertEquals } from "@std/assert";
import { fetchModel } from "../../src/classifier/descriptions/fetch_model.ts";
import { loadClassifier } from "../../src/classifier/load.ts";
import { smallClassifier } from "../ptame/small_classifier.ts";
import { inFolder } from "../support/folders.ts";
import { serveHub } from "../support/hub_server.ts";

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

Deno.test("fetchModel() gives a classifier with the labels and the preprocessing of its maker", () =>
  inFolder(async (cache) => {
    const names = ["ant", "bee", "cow", "dog", "eel"];
    await using hub = serveHub({
      "me/small": {
        commit: "00000000000000000000000000000000000000ab",
        revisions: ["main"],
        large: ["onnx/model.onnx"],
        files: {
          "onnx/model.onnx": smallClassifier().onnx as Uint8Array<ArrayBuffer>,
          "config.json": json({ model_type: "vit", id2label: { ...names } }),
          "preprocessor_config.json": json({
            image_processor_type: "ViTImageProcessor",
            size: { height: 32, width: 32 },
            image_mean: [0.5, 0.5, 0.5],
            image_std: [0.5, 0.5, 0.5],
          }),
        },
      },
    });
    const model = await fetchModel("hf:me/small", { cache, endpoint: hub.url });
    const { facts } = await loadClassifier({ model, device: "wasm" });
    assertEquals([facts.name, facts.classes, facts.labels], ["me/small", 5, names]);
    assertEquals([facts.preprocessing.mean, facts.preprocessing.std], [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]);
    assertEquals(facts.preprocessing.fit, "squash");
  }));
