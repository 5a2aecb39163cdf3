/**
 * Models named by an address, of the Hub, of any server or of an object store: downloaded once, then used by the path of the copy in the
 * cache.
 *
 * @module
 */
import { isObjectAddress } from "../objects/address.ts";
import { isHubAddress, isModelAddress } from "../weights/hub/address.ts";
import { MODEL_DTYPES, type ModelDtype } from "../weights/hub/dtypes.ts";
import { downloadReporter } from "./downloads.ts";
import { choice } from "./options/kinds.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage.ts";

/** The option for models of the Hub. */
export const ADDRESS_OPTIONS = {
  dtype: choice(MODEL_DTYPES.join("|"), MODEL_DTYPES, "Number type of the weights of an hf: model", {
    usual: "fp32",
  }),
};

/** How models are named in help. */
export const ADDRESS_FORMS = "hf:owner/name or an https or s3 address of one";

/** The options that may name a model. */
interface ModelNames {
  readonly model?: string | undefined;
  readonly backbone?: string | undefined;
  readonly auxiliary?: string | undefined;
  readonly dtype?: ModelDtype | undefined;
  readonly offline?: boolean | undefined;
}

/**
 * The options with the path of the copy in place of each address.
 *
 * @throws {UsageError} When --dtype is given without a model of the Hub.
 * @throws {DownloadError} When a model cannot be downloaded.
 */
export async function withLocalModels<Options extends ModelNames>(
  options: Options,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Options> {
  const named = (["model", "backbone", "auxiliary"] as const).flatMap((option) => {
    const address = options[option];
    return address !== undefined && (isModelAddress(address) || isObjectAddress(address))
      ? [{ option, address }]
      : [];
  });
  if (options.dtype !== undefined && !named.some(({ address }) => isHubAddress(address))) {
    throw new UsageError("Option --dtype is for a model of the Hub: hf:owner/name");
  }
  const found: Partial<Record<"model" | "backbone" | "auxiliary", string>> = {};
  for (const { option, address } of named) {
    found[option] = await localModel(address, options, terminal, signal);
  }
  return { ...options, ...found };
}

/**
 * The path of the copy of a model.
 *
 * @throws {DownloadError} When it cannot be downloaded.
 */
async function localModel(
  model: string,
  { dtype, offline }: Pick<ModelNames, "dtype" | "offline">,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<string> {
  if (isObjectAddress(model)) {
    if (offline) throw new UsageError(`Cannot read ${model}: --offline forbids the network`);
    return await (await import("./stored/object_model.ts")).copyModel(model, terminal, signal);
  }
  const { obtainModel } = await import("../weights/hub/obtain.ts");
  const { path } = await obtainModel(model, {
    dtype,
    offline,
    endpoint: Deno.env.get("HF_ENDPOINT"),
    token: Deno.env.get("HF_TOKEN"),
    onProgress: downloadReporter(terminal),
    signal,
  });
  return path!;
}
