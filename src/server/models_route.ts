/**
 * `GET /models`: the classifier of this server, its auxiliary and its head.
 *
 * @module
 */
import type { DescribedFact } from "../classifier/types.ts";
import { withoutUndefined } from "../text/without_undefined.ts";
import { jsonResource, type Resource } from "./resource.ts";
import type { ServedFacts } from "./served.ts";

/** The response of `GET /models`: a list, currently of one network. */
export interface ModelsDocument {
  /** The classifiers. */
  readonly models: readonly {
    /** Name of the classifier. */
    readonly name: string;
    /** Name of the auxiliary. */
    readonly auxiliary: string;
    /** The head's record. */
    readonly head: { readonly name: string; readonly trained: boolean; readonly backbone: string };
    /** Device on which it runs. */
    readonly device: string;
    /** Number of threads. */
    readonly threads: number;
    /** Height of its input in pixels, and its width if that is not said. */
    readonly input: number;
    /** Width of its input in pixels, if it is not square. */
    readonly width?: number;
    /** What an .onnx file sees and gives, and where each entry was found: in the file, the settings, metadata, or assumed. */
    readonly classifier?: readonly DescribedFact[];
    /** What was said about it and could not be used, one line each. */
    readonly notes?: readonly string[];
    /** Class names by index. */
    readonly labels: readonly string[];
  }[];
}

/** The document about a loaded explainer. */
export function modelsResource({ backbone, auxiliary, head, session }: ServedFacts): Resource {
  const { name, trained, backbone: trainedFor } = head;
  const document: ModelsDocument = {
    models: [{
      name: backbone.name,
      auxiliary,
      head: { name, trained, backbone: trainedFor },
      device: session.device,
      threads: session.threads,
      input: backbone.preprocessing.crop,
      ...withoutUndefined({ width: backbone.preprocessing.width, classifier: backbone.described }),
      ...(backbone.notes === undefined || backbone.notes.length === 0 ? {} : { notes: backbone.notes }),
      labels: backbone.labels,
    }],
  };
  return jsonResource(document);
}
