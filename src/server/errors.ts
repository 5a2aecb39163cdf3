/**
 * Refusals of requests: a status, a code for programs, and a line for people. No other part of an error leaves the
 * server: no path, no stack, no cause.
 *
 * @module
 */
import { ImageError } from "../image/types.ts";

/** A request that is refused. */
export class HttpError extends Error {
  /** The name that tells it from other errors. */
  override name = "HttpError";
  /** HTTP status, 400 to 599. */
  readonly status: number;
  /** Code for programs: lower case with underscores. */
  readonly code: string;
  /** Headers of the response besides its content type. */
  readonly headers: Readonly<Record<string, string>>;

  /** Status, code and the line for people; `headers` are added to the response. */
  constructor(
    status: number,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The response to a refused request: `{ "error": { "code", "message" } }`. */
export function errorResponse({ status, code, message, headers }: HttpError): Response {
  return Response.json({ error: { code, message } }, {
    status,
    headers: { "cache-control": "no-store", ...headers },
  });
}

/** Converts any error to a refusal; a message that is not meant for clients is replaced. */
export function toHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  // Its message is one line about the image; images arrive as bytes here, so it contains no path.
  if (error instanceof ImageError) return new HttpError(422, "unreadable_image", error.message);
  return new HttpError(500, "internal", "Cannot answer the request: the server failed");
}
