/**
 * The thread of a server that explains: opens the explainer that the options name, and answers requests with bytes.
 *
 * @module
 */
import { startDecoding } from "../../image/decode_bounded.ts";
import {
  type ServedExplainer,
  type ServedFacts,
  servedHere,
  type ServedRequest,
} from "../../server/served.ts";
import type { StoredResponse } from "../../server/response_cache.ts";
import type { StageTimes } from "../../server/stages.ts";
import type { Port } from "../../worker/messages.ts";
import { type CallContext, serveCalls } from "../../worker/serve_calls.ts";
import { explainerOptions, openPtame } from "../explainer_options.ts";
import { missingCharacterLines, useFonts } from "../fonts.ts";
import { parseArguments } from "../options/command.ts";
import type { Terminal } from "../terminal.ts";
import { SERVE } from "./options.ts";

/** What is opened. */
export interface Opening {
  /** The arguments of `serve`. */
  readonly args: readonly string[];
  /** Paths of models that were named by an address; threads, if the arguments do not say how many. */
  readonly local: { readonly model?: string; readonly auxiliary?: string; readonly threads?: number };
  /** Whether the command's terminal shows what is being done. */
  readonly live: boolean;
}

/** A request and its image, whose buffer is handed over. */
export interface Asking {
  readonly image: Uint8Array;
  readonly asked: ServedRequest;
}

/** A line for the command's terminal, or how long stages took. */
export type Told =
  | { readonly kind: "say" | "doing" | "fail"; readonly line: string }
  | { readonly kind: "times"; readonly times: StageTimes };

let served: ServedExplainer | undefined;
/** Lines have their place also after a call has ended. */
let tell: (told: Told) => void = () => {};

async function open(
  { args, local, live }: Opening,
  { signal, report }: CallContext<Told>,
): Promise<ServedFacts> {
  startDecoding();
  tell = report;
  const telling = (kind: "say" | "doing" | "fail") => (line: string) => tell({ kind, line });
  const terminal: Terminal = { live, say: telling("say"), doing: telling("doing"), fail: telling("fail") };
  const { options, typed } = parseArguments(SERVE, args);
  await useFonts(options.font, missingCharacterLines(terminal.say));
  const settings = await explainerOptions({ ...options, ...local }, typed, terminal);
  served = await servedHere(await openPtame({ ...settings, signal }, typed));
  return served.facts;
}

async function answer(
  { image, asked }: Asking,
  { signal, report, handOver }: CallContext<Told>,
): Promise<StoredResponse> {
  const times: StageTimes = {};
  tell = report;
  try {
    const response = await served!.answer(image, asked, { signal, times });
    handOver(response.body.buffer);
    return response;
  } finally {
    report({ kind: "times", times });
  }
}

serveCalls<Told>(self as unknown as Port, { open, answer });
