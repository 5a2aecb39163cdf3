/**
 * The log of a server: a line for each response, for people or as JSON for programs.
 *
 * @module
 */
import type { Answered } from "../../server/handler.ts";
import { withoutUndefined } from "../../text/without_undefined.ts";
import { duration, errorMessage, printable, type Terminal } from "../terminal.ts";

/** The forms of the log. */
export const LOG_FORMS = ["text", "json"] as const;

/** Logs a response. Neither a query, which may name a class, nor an address or a token is in the log; the name of a client's key is. */
export function logAnswer(terminal: Terminal, form: typeof LOG_FORMS[number], answer: Answered): void {
  const { method, path, status, client, milliseconds, error } = answer;
  if (form === "json") return terminal.say(jsonLine(answer));
  const by = client === undefined ? "" : ` ${client}`;
  terminal.say(`${method} ${printable(path)} ${status} ${duration(milliseconds)}${by}`);
  if (error !== undefined) terminal.fail(`ptame: ${printable(errorMessage(error))}`);
}

/** A response as a line of JSON. */
export function jsonLine(answer: Answered, now: Date = new Date()): string {
  const { id, method, path, status, client, code, milliseconds, stages, error } = answer;
  const tenths = (value: number) => Math.round(value * 10) / 10;
  return JSON.stringify({
    time: now.toISOString(),
    level: status >= 500 ? "error" : status >= 400 ? "warn" : "info",
    id,
    method,
    path,
    status,
    ...withoutUndefined({ client, code }),
    milliseconds: tenths(milliseconds),
    ...(Object.keys(stages).length === 0
      ? {}
      : { stages: Object.fromEntries(Object.entries(stages).map(([name, each]) => [name, tenths(each)])) }),
    ...(error === undefined ? {} : { error: errorMessage(error) }),
  });
}
