/**
 * `GET /models`: what this server explains, and with what.
 *
 * @module
 */
import type { LoadedExplainer } from "./loading.ts";
import { jsonResource, type Resource } from "./resource.ts";

/** What `GET /models` says: a list, of one network for now. */
export interface ModelsDocument {
  /** The classifiers. */
  readonly models: readonly {
    /** Name of the classifier. */
    readonly name: string;
    /** Name of the network that reads the image for the head. */
    readonly auxiliary: string;
    /** What the head is. */
    readonly head: { readonly name: string; readonly trained: boolean; readonly backbone: string };
    /** Where it runs. */
    readonly device: string;
    /** Threads that it runs on. */
    readonly threads: number;
    /** Side of its input in pixels: the crop of the resized image that it sees. */
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
