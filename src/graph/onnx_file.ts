/**
 * Reads and writes .onnx files. Only the modules in onnx/ know protobuf (npm:onnx-buf).
 *
 * @module
 */
export type { OutputActivation } from "./final_activation.ts";
export { inlineExternalData } from "./onnx/inline.ts";
export { givesScores, type OpenOutput } from "./onnx/outputs.ts";
export { inspectOnnx, type OnnxSummary, readOnnx } from "./onnx/read.ts";
export { encodeOnnx, type EncodeOptions, type OnnxParts, onnxParts } from "./onnx/write.ts";
export type { OpenGraph, OpenNode, OpenValue } from "./open_graph.ts";
