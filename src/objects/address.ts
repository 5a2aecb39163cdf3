/**
 * Addresses of objects: `s3://bucket/key`. The key stands as it is, without percent-encoding, as in other programs.
 *
 * @module
 */

/** An object, or a prefix of objects. */
export interface ObjectAddress {
  readonly bucket: string;
  /** Key of the object, or a prefix; "" means the whole bucket. */
  readonly key: string;
}

/** Whether a text is the address of an object or prefix. */
export function isObjectAddress(text: string): boolean {
  return /^s3:\/\//i.test(text);
}

/**
 * Reads an address.
 *
 * @throws {RangeError} When it has another form.
 */
export function parseObjectAddress(text: string): ObjectAddress {
  const match = /^s3:\/\/([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:\/([\s\S]*))?$/i.exec(text);
  if (match === null) throw new RangeError(`Cannot read the address ${text}: write s3://bucket/prefix`);
  return { bucket: match[1]!, key: match[2] ?? "" };
}

/** The address as text. */
export function objectAddress({ bucket, key }: ObjectAddress): string {
  return `s3://${bucket}/${key}`;
}
