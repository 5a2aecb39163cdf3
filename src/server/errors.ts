/**
 * What a request is refused with: a status, a code for programs, a line for people. Nothing else of an error leaves
 * the server: no path, no stack, no cause.
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
  /** Word for programs: lower case with underscores. */
  readonly code: string;
  /** Headers of the answer besides its content type. */
  readonly headers: Readonly<Record<string, string>>;

  /** Status, code and the line for people; `headers` go with the answer. */
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

/** The answer to a refused request: `{ "error": { "code", "message" } }`. */
export function errorResponse({ status, code, message, headers }: HttpError): Response {
  return Response.json({ error: { code, message } }, {
    status,
    headers: { "cache-control": "no-store", ...headers },
  });
}

/** What an error of any kind is refused with; a line that is not meant for clients is replaced. */
export function httpErrorOf(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  // Its message is one line about the image; images come as bytes here, so it names no path.
  if (error instanceof ImageError) return new HttpError(422, "unreadable_image", error.message);
  return new HttpError(500, "internal", "Cannot answer the request: the server failed");
}
