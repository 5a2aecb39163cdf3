/**
 * A page of the tests: published weights into the browser's own cache.
 *
 * @module
 */
import { findNetwork } from "../../models/registry.ts";
import { obtainWeights } from "../../src/weights/obtain.ts";

/** What came of it. */
export interface Obtained {
  readonly kinds: readonly string[];
  readonly sha256?: string;
  readonly error?: string;
}

async function obtain(url: string, bytes: number, sha256: string, offline: boolean): Promise<Obtained> {
  const published = [{ file: "small.safetensors", bytes, sha256, licence: "MIT", urls: [url] }];
  const kinds: string[] = [];
  try {
    const { content } = await obtainWeights({ ...findNetwork("resnet18")!, weights: { published } }, {
      offline,
      onProgress: ({ kind }) => kinds.push(kind),
    });
    const read = content.read(0, content.size) as Uint8Array<ArrayBuffer>;
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", read));
    const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return { kinds, sha256: hex };
  } catch (error) {
    return { kinds, error: (error as Error).message };
  }
}

Object.assign(globalThis, { obtain });
