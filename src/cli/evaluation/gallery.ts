/**
 * Keeps the maps of a few images for the report of an evaluation. They are stored as they are computed, in a file next
 * to the records, so a resumed run need not compute them again.
 *
 * @module
 */
import { base64ToUint8Array, uint8ArrayToBase64 } from "uint8array-extras";
import type { PreparedImage } from "../../classifier/prepared_image.ts";
import { type EvaluationImage, loadImage } from "../../faithfulness/evaluate_options.ts";
import type { GalleryRow } from "../../faithfulness/report/types.ts";
import type { ImageRecord } from "../../faithfulness/summary.ts";
import type { MaskMap } from "../../explanation/blank_map.ts";
import type { MapMethod } from "../../explanation/map_method.ts";
import { imageSides } from "../../image/side.ts";
import type { RgbImage, ValueMap } from "../../image/types.ts";
import type { RecordFile } from "./record_file.ts";

/** A map in the file; 8 bits are enough for display. */
export interface StoredMap {
  readonly image: string;
  readonly method: string;
  /** Key of everything that the map depends on, such as the head. */
  readonly model: string;
  readonly width: number;
  readonly height: number;
  /** 0 to 255, base64. */
  readonly values: string;
}

/** Chosen images, and their maps. */
export interface Gallery {
  /** The images; each chosen one is remembered when it is read. */
  images(all: Iterable<EvaluationImage>): Iterable<EvaluationImage>;
  /** The methods, wrapped so that their maps of chosen images are kept. */
  methods(all: Readonly<Record<string, MapMethod>>): Record<string, MapMethod>;
  /** The chosen images with their maps; computes missing maps. */
  rows(
    all: Iterable<EvaluationImage>,
    methods: Readonly<Record<string, MapMethod>>,
    records: readonly ImageRecord[],
    labels: readonly string[],
    signal: AbortSignal,
  ): Promise<GalleryRow[]>;
}

function packed(values: Float32Array): string {
  return uint8ArrayToBase64(
    Uint8Array.from(values, (value) => Math.round(255 * Math.min(1, Math.max(0, value)))),
  );
}

function unpacked({ width, height, values }: StoredMap): ValueMap {
  return { width, height, values: Float32Array.from(base64ToUint8Array(values), (each) => each / 255) };
}

/** `[3, height, width]` in [0, 1] as an image, square without a width. */
export function toRgb({ pixels, width }: Pick<PreparedImage, "pixels" | "width">): RgbImage {
  const area = pixels.length / 3;
  const data = Uint8Array.from(pixels, (_, i) => Math.round(255 * pixels[i % 3 * area + Math.floor(i / 3)]!));
  return { ...imageSides(pixels, width), data };
}

/**
 * A gallery of chosen images.
 *
 * @param chosen Their names.
 * @param file Path of the file for the maps.
 * @param model Key of the model that the maps depend on.
 */
export function createGallery(
  chosen: readonly string[],
  file: RecordFile<StoredMap>,
  { model }: { readonly model: string },
): Gallery {
  const wanted = new Set(chosen);
  const names = new WeakMap<PreparedImage, string>();
  const kept = new Map(
    file.records.filter((stored) => stored.model === model)
      .map((stored) => [`${stored.method} ${stored.image}`, unpacked(stored)]),
  );
  const keep = async (image: string, method: string, map: MaskMap): Promise<ValueMap> => {
    const { width, height } = map;
    const values = map.shown ?? map.values;
    kept.set(`${method} ${image}`, { width, height, values });
    await file.append({ image, method, model, width, height, values: packed(values) });
    return { width, height, values };
  };
  return {
    *images(all) {
      for (const image of all) {
        yield {
          ...image,
          pixels: async () => {
            const loaded = await loadImage(image);
            if (wanted.has(image.name)) names.set(loaded, image.name);
            return loaded;
          },
        };
      }
    },
    methods: (all) =>
      Object.fromEntries(
        Object.entries(all).map(([method, make]) => [method, async (image, target, signal) => {
          const map = await make(image, target, signal);
          const name = names.get(image);
          if (name !== undefined) await keep(name, method, map);
          return map;
        }]),
      ),
    rows: async (all, methods, records, labels, signal) => {
      const byName = new Map(records.map((record) => [record.image, record]));
      const rows: GalleryRow[] = [];
      for (const image of all) {
        const record = byName.get(image.name);
        if (!wanted.has(image.name) || record === undefined) continue;
        const loaded = await loadImage(image);
        const maps: Record<string, ValueMap> = {};
        for (const [method, make] of Object.entries(methods)) {
          signal.throwIfAborted();
          maps[method] = kept.get(`${method} ${image.name}`) ??
            await keep(image.name, method, await make(loaded, record.target, signal));
        }
        const { target, probability } = record;
        const label = labels[target] ?? `class ${target}`;
        rows.push({ name: image.name, label, probability, photo: toRgb(loaded), maps });
      }
      return rows;
    },
  };
}
