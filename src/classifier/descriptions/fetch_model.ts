/**
 * A classifier from its address, with what its makers say about it: a model of the Hub, or an .onnx file on any server.
 *
 * @module
 */
import type { ByteSource } from "../../bytes/byte_source.ts";
import { inspectOnnx } from "../../graph/onnx_file.ts";
import { parseForeignJson } from "../../text/foreign_json.ts";
import { type ModelAddressOptions, obtainModel } from "../../weights/hub/obtain.ts";
import { describeConfig, describePreprocessor } from "./hub_files.ts";
import { joinDescriptions, type ModelDescription } from "./description.ts";
import type { OnnxModel } from "../onnx/model.ts";

/**
 * Downloads a classifier once and describes it: `createExplainer`, `train` and the baselines take the result as a model.
 *
 * The file is kept in the cache folder in Deno, in the browser's cache in a page. In a page, the server must allow
 * requests from other origins (the Hub does).
 *
 * @param address `hf:owner/name[@revision][/path/model.onnx]`, or an http(s) address of an .onnx file.
 * @throws {DownloadError} When it cannot be downloaded, or `offline` forbids it and it is not stored.
 * @throws {RangeError} When the address has another form.
 * @throws {SyntaxError} When the file is not an ONNX model.
 *
 * @example Explain a model of the Hub
 * ```ts ignore
 * import { createExplainer, fetchModel } from "@ptame/ptame";
 *
 * const model = await fetchModel("hf:owner/name", { dtype: "q8" });
 * const explainer = await createExplainer({ model, photos: ["a.jpg", "b.jpg"] });
 * ```
 */
export async function fetchModel(address: string, options: ModelAddressOptions = {}): Promise<OnnxModel> {
  const { name, onnx: source, externalData: beside, descriptions } = await obtainModel(address, options);
  const onnx = source.read(0, source.size);
  const externalData = new Map<string, ByteSource>();
  for (const file of inspectOnnx(onnx).externalFiles) {
    const content = beside.get(file.replace(/^\.\//, ""));
    if (content !== undefined) externalData.set(file, content);
  }
  const read = (file: string, describe: (value: unknown) => ModelDescription | undefined) => {
    const content = descriptions.get(file);
    return content === undefined ? [] : described(content, file, describe);
  };
  return {
    name,
    onnx,
    externalData,
    description: joinDescriptions([
      ...read("preprocessor_config.json", describePreprocessor),
      ...read("config.json", describeConfig),
    ]),
  };
}

function described(
  content: ByteSource,
  file: string,
  describe: (value: unknown) => ModelDescription | undefined,
): ModelDescription[] {
  try {
    const found = describe(parseForeignJson(new TextDecoder().decode(content.read(0, content.size))));
    return found === undefined ? [] : [found];
  } catch {
    return [{ notes: [`${file} is not used: it is not JSON, or too large`] }];
  }
}
