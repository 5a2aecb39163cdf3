/**
 * `GET /models`: the classifier of this server, its auxiliary and its head.
 *
 * @module
 */
import type { LoadedExplainer } from "./loading.ts";
import { jsonResource, type Resource } from "./resource.ts";

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
    /** Side of its input in pixels: the crop of the resized image. */
    readonly input: number;
    /** Class names by index. */
    readonly labels: readonly string[];
  }[];
}

/** The document about a loaded explainer. */
export function modelsResource({ explainer }: LoadedExplainer): Resource {
  const { backbone, auxiliary, head, session } = explainer;
  const { name, trained, backbone: trainedFor } = head.record;
  const document: ModelsDocument = {
    models: [{
      name: backbone.name,
      auxiliary,
      head: { name, trained, backbone: trainedFor },
      device: session.device,
      threads: session.threads,
      input: backbone.preprocessing.crop,
      labels: backbone.labels,
    }],
  };
  return jsonResource(document);
}
