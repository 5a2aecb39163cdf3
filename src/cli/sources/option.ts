/**
 * How sources are named in help, and the option that says where a Parquet file has its images.
 *
 * @module
 */
import { text } from "../options/kinds.ts";

/** Sources. */
export const SOURCE_FORMS =
  "Folder with images (including subfolders), a text file with one path per line, a .tar or .parquet file, or s3://bucket/prefix";

/** The option. */
export const IMAGE_COLUMN_OPTION = {
  imageColumn: text("NAME", "Column of a Parquet file with the bytes of images", {
    usual: "the only one with bytes, or the one named image",
  }),
};
