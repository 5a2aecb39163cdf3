/**
 * Finds the values of a foreign network that a head reads, and converts them to maps [N, C, S, S]. A head needs the
 * last value with spatial positions before each halving of the size, as Ntrougkas et al. 2025 tap the stages of a
 * network. Exporters do not name these values.
 *
 * @module
 */
import type { Builder } from "../../graph/builder.ts";
import { elementCount, type Value } from "../../graph/types.ts";
import { findTap, findTaps, type ForwardPath, isInOrder, type Tap } from "./tap.ts";

/** Maximum number of maps to take by default. */
const MOST_MAPS = 4;

/**
 * The maps that a head reads.
 *
 * @param path The path from the image to the plain scores.
 * @param asked Names of values or nodes, shallow to deep; found by default: the last square map of each size, of the
 * deepest four sizes that are the deepest one times a power of two.
 * @throws {RangeError} When a name is unknown; the nearest name is suggested.
 * @throws {TypeError} When there is no square map, or a named value is not one.
 */
export function featureMaps(called: string, path: ForwardPath, asked?: readonly string[]): Tap[] {
  if (asked !== undefined) {
    if (asked.length === 0) throw new TypeError(`Cannot use ${called} as auxiliary: no tap is named`);
    return asked.map((name) => {
      const tap = findTap(path, name);
      if (!isInOrder(tap)) {
        throw new TypeError(
          `Cannot use ${called} as auxiliary: tap ${name} is cut into windows; name the end of a block`,
        );
      }
      if (tap.width === tap.height) return tap;
      throw new TypeError(
        `Cannot use ${called} as auxiliary: tap ${name} has ${tap.height} x ${tap.width} positions, a head reads ` +
          "square maps",
      );
    });
  }
  const maps = findTaps(path).filter((tap) => tap.width === tap.height && isInOrder(tap));
  const found: Tap[] = [];
  for (const map of maps.reverse()) {
    const doublings = Math.log2(map.width / (found.at(-1)?.width ?? map.width));
    const fits = found.length === 0 || (Number.isInteger(doublings) && doublings > 0);
    if (fits && found.length < MOST_MAPS) found.push(map);
  }
  if (found.length > 0) return found.reverse();
  throw new TypeError(
    `Cannot use ${called} as auxiliary: no square feature map was found through which the whole path to the scores ` +
      "passes; name some (--auxiliary-taps, in a program taps)",
  );
}

/**
 * Converts a tapped value, of any number of images, to maps [N, C, S, S].
 *
 * @throws {TypeError} When the images do not have their own axis.
 */
export function asMaps(b: Builder, value: Value, tap: Tap): Value {
  const { channels, width: size, channelStride } = tap;
  const { shape } = value;
  // The value for one image shows which axis holds the images.
  const changed = shape.findIndex((length, axis) => length !== tap.value.shape[axis]);
  const images = changed >= 0 ? changed : tap.value.shape.indexOf(1);
  if (images < 0 || shape.length !== tap.value.shape.length) {
    throw new TypeError(
      `Cannot read ${tap.name} [${shape.join(", ")}] as feature maps: the images do not have their own axis`,
    );
  }
  const count = shape[images]!;
  const maps = [count, channels, size, size];
  if (channelStride > 1 && images === 0 && shape.join() === maps.join()) return value;
  const others = shape.map((_, axis) => axis).filter((axis) => axis !== images);
  const moved = images === 0 ? value : b.transpose(value, [images, ...others]);
  const places = elementCount(shape) / count / channels;
  if (channelStride > 1) {
    const rows = b.reshape(moved, [count, channels, places]);
    return b.reshape(ownPlaces(b, rows, 2, tap.places[0]!, size * size), maps);
  }
  const rows = b.reshape(moved, [count, places, channels]);
  const own = ownPlaces(b, rows, 1, tap.places[0]! / channels, size * size);
  return b.reshape(b.transpose(own, [0, 2, 1]), maps);
}

/** The places of the grid without those before and after it. */
function ownPlaces(b: Builder, rows: Value, axis: number, first: number, count: number): Value {
  return rows.shape[axis] === count ? rows : b.slice(rows, axis, first, first + count);
}
