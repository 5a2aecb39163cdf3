/**
 * The last step of JPEG: sub-sampled components enlarged, then turned into RGB.
 *
 * Enlarging follows libjpeg's default ("fancy"): a sample lies at the centre of its pixels, so a new pixel is three
 * quarters of the nearer sample and one quarter of the next.
 *
 * @module
 */

/** The samples of one component. */
export interface Plane {
  readonly samples: Uint8Array;
  /** Samples from row to row. */
  readonly stride: number;
  /** Samples per row and rows that belong to the image. */
  readonly width: number;
  readonly height: number;
  /** How many pixels a sample is wide and high. */
  readonly perX: number;
  readonly perY: number;
}

/** How the components make colours. */
export type ColourModel = "grey" | "ycc" | "rgb" | "cmyk" | "ycck";

/**
 * Writes row `y` of the image into `row`, one sample per pixel; `row` may be longer than the image is wide.
 */
function enlargeRow(plane: Plane, y: number, row: Uint8Array, mixed: Int32Array): void {
  const { samples, stride, width, height, perX, perY } = plane;
  const near = Math.floor(y / perY);
  const from = near * stride;
  const smooth = (perX === 2 || perX === 1) && (perY === 2 || perY === 1) && (perX === 1 || width > 2);
  if (!smooth) {
    for (let x = 0; x < width * perX; x++) row[x] = samples[from + Math.floor(x / perX)]!;
    return;
  }
  if (perX === 1 && perY === 1) {
    row.set(samples.subarray(from, from + width));
    return;
  }
  const upper = y % 2 === 0;
  const other = Math.min(Math.max(upper ? near - 1 : near + 1, 0), height - 1) * stride;
  if (perX === 1) {
    const bias = upper ? 1 : 2;
    for (let x = 0; x < width; x++) row[x] = (3 * samples[from + x]! + samples[other + x]! + bias) >> 2;
    return;
  }
  // If both directions are halved, rows are mixed first, in quarters, and rounded only once.
  const vertical = perY === 2;
  for (let x = 0; x < width; x++) {
    mixed[x] = vertical ? 3 * samples[from + x]! + samples[other + x]! : samples[from + x]!;
  }
  const shift = vertical ? 4 : 2;
  const [leftBias, rightBias] = vertical ? [8, 7] : [1, 2];
  const last = width - 1;
  // The outermost pixels have no next sample.
  row[0] = vertical ? (4 * mixed[0]! + 8) >> 4 : mixed[0]!;
  row[1] = (3 * mixed[0]! + mixed[1]! + rightBias) >> shift;
  for (let x = 1; x < last; x++) {
    row[2 * x] = (3 * mixed[x]! + mixed[x - 1]! + leftBias) >> shift;
    row[2 * x + 1] = (3 * mixed[x]! + mixed[x + 1]! + rightBias) >> shift;
  }
  row[2 * last] = (3 * mixed[last]! + mixed[last - 1]! + leftBias) >> shift;
  row[2 * last + 1] = vertical ? (4 * mixed[last]! + 7) >> 4 : mixed[last]!;
}

/** BT.601's shares with 16 bits of fraction. */
const RED_OF_CR = Math.round(1.402 * 65536);
const BLUE_OF_CB = Math.round(1.772 * 65536);
const GREEN_OF_CR = Math.round(0.71414 * 65536);
const GREEN_OF_CB = Math.round(0.34414 * 65536);
const HALF = 32768;

function clampByte(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** The light that passes through `ink`, both 0 to 255, rounded. */
function behind(ink: number, light: number): number {
  const product = ink * light + 128;
  return light - ((product + (product >> 8)) >> 8);
}

/**
 * Joins components to interleaved RGB.
 *
 * @param planes 1, 3 or 4 components.
 * @param width Pixels per row.
 * @param height Rows.
 * @param model What the components mean. CMYK is taken as Adobe writes it, 255 for no ink, and without a profile.
 */
export function toRgb(
  planes: readonly Plane[],
  width: number,
  height: number,
  model: ColourModel,
): Uint8Array {
  const out = new Uint8Array(width * height * 3);
  const longest = planes.reduce((most, plane) => Math.max(most, plane.width * plane.perX), width);
  const mixed = new Int32Array(longest);
  const rows = planes.map(() => new Uint8Array(longest));
  const [first, second = first!, third = first!, fourth = first!] = rows;
  const fromYcc = model === "ycc" || model === "ycck";
  const inked = model === "cmyk" || model === "ycck";
  let to = 0;
  for (let y = 0; y < height; y++) {
    planes.forEach((plane, i) => enlargeRow(plane, y, rows[i]!, mixed));
    for (let x = 0; x < width; x++, to += 3) {
      let red = first![x]!;
      let green = second[x]!;
      let blue = third[x]!;
      if (fromYcc) {
        const [light, cb, cr] = [red, green - 128, blue - 128];
        red = clampByte(light + ((RED_OF_CR * cr + HALF) >> 16));
        green = clampByte(light + ((-GREEN_OF_CB * cb - GREEN_OF_CR * cr + HALF) >> 16));
        blue = clampByte(light + ((BLUE_OF_CB * cb + HALF) >> 16));
      }
      if (inked) {
        const black = fourth[x]!;
        // YCCK gives inks; CMYK as stored by Adobe gives the remaining light.
        red = behind(model === "ycck" ? red : 255 - red, black);
        green = behind(model === "ycck" ? green : 255 - green, black);
        blue = behind(model === "ycck" ? blue : 255 - blue, black);
      }
      out[to] = red;
      out[to + 1] = green;
      out[to + 2] = blue;
    }
  }
  return out;
}
