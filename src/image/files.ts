/**
 * Where the files of large codecs lie, for bundled programs.
 *
 * @module
 */

/** Places of codecs' files; not needed in Deno and Node, which find the npm package. */
export interface ImageFiles {
  /** URL of magick.wasm of npm:@imagemagick/magick-wasm. */
  readonly magickWasm?: string;
}

let files: ImageFiles = {};

/** Says where the files lie. Call it before the first image. */
export function configureImages(places: ImageFiles): void {
  files = { ...places };
}

/** The places that were said. */
export function imageFiles(): ImageFiles {
  return files;
}
