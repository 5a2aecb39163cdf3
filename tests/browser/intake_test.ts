/** What the page makes of files and of typed names, without a browser. */
import { assertEquals, assertThrows } from "@std/assert";
import { writeAddress } from "../../examples/browser/address.ts";
import { sortFiles } from "../../examples/browser/intake.ts";
import { sourceFromText } from "../../examples/browser/own_model.ts";
import { shownRate } from "../../examples/browser/rate.ts";

const file = (name: string, type = "") => new File(["x"], name, { type });
const names = (files: readonly File[]) => files.map(({ name }) => name);

Deno.test("sortFiles() tells images, a classifier with what belongs to it, heads, and the rest", () => {
  const { images, model, heads, refused } = sortFiles([
    file("labels.txt", "text/plain"),
    file("net.onnx"),
    file("net.onnx.data"),
    file("config.json", "application/json"),
    file("a.jpg", "image/jpeg"),
    file("b.heic"),
    file("head.safetensors"),
    file("letter.pdf", "application/pdf"),
  ]);
  assertEquals(names(images), ["a.jpg", "b.heic"]);
  assertEquals(names(model), ["net.onnx", "labels.txt", "net.onnx.data", "config.json"]);
  assertEquals(names(heads), ["head.safetensors"]);
  assertEquals(refused, ["letter.pdf is no image, no .onnx classifier and no head"]);
});

Deno.test("sortFiles() names labels that come without their classifier", () => {
  const { images, model, refused } = sortFiles([
    file("labels.txt"),
    file("cat.png", "image/png"),
    file("photo"),
  ]);
  assertEquals([names(images), model], [["cat.png", "photo"], []]);
  assertEquals(refused, ["labels.txt goes with a classifier: drop it together with the .onnx file"]);
});

Deno.test("sourceFromText() takes names of the Hub, its pages, and addresses", () => {
  const address = (text: string) => sourceFromText(text).model;
  assertEquals(address(" owner/name "), { address: "hf:owner/name" });
  assertEquals(address("https://huggingface.co/owner/name"), { address: "hf:owner/name" });
  assertEquals(address("hf:owner/name@v2"), { address: "hf:owner/name@v2" });
  assertEquals(address("https://example.org/net.onnx"), { address: "https://example.org/net.onnx" });
  assertThrows(() => address("resnet"), Error, "Cannot open resnet: write owner/name");
});

Deno.test("writeAddress() leaves out what is usual", () => {
  assertEquals(writeAddress({ tab: "look" }), "#");
  assertEquals(
    writeAddress({ tab: "erase", sample: "coffee", target: 967 }),
    "#sample=coffee&class=967&tab=erase",
  );
});

Deno.test("shownRate() gives bytes, rate and time left", () => {
  assertEquals(shownRate({ present: 1e6, bytes: 3e6, bytesPerSecond: 0 }), "1.0 of 3.0 MB");
  assertEquals(
    shownRate({ present: 1e6, bytes: 3e6, bytesPerSecond: 5e5 }),
    "1.0 of 3.0 MB, 500 kB/s, 4 s left",
  );
  assertEquals(
    shownRate({ present: 0, bytes: 400e6, bytesPerSecond: 2e6 }),
    "0.0 of 400.0 MB, 2.0 MB/s, 4 min left",
  );
});
