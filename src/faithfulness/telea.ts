/**
 * Inpainting by fast marching (Telea, "An image inpainting technique based on the fast marching method", 2004): it
 * fills the holes from their edges inwards, nearest first, each pixel from its known neighbours.
 *
 * Written from the paper, with the constants of OpenCV's `cv2.inpaint`, with which published numbers were computed:
 * pixels of 8 bits; the distance weight is 1/d³, not 1/d²; and the gradients' part is scaled to length one before it is
 * added, so that it moves a pixel by little more than one level.
 *
 * @module
 */

/** State of a pixel while the front moves. */
const [KNOWN, BAND, INSIDE] = [0, 1, 2];

/** Distance of points that the front has not reached. */
const FAR = 1e6;

/** A priority queue of points by distance; ties in the order of arrival. */
interface Front {
  push(point: number, distance: number): void;
  /** The nearest point; −1 if there is none. */
  pop(): number;
}

/**
 * A binary heap in typed arrays: a point that moves leaves a gap, which the last one fills.
 *
 * @param capacity Most points that are in it at a time; distances must be numbers of 32 bits.
 */
function createFront(capacity: number): Front {
  const points = new Int32Array(capacity);
  const distances = new Float32Array(capacity);
  const arrivals = new Int32Array(capacity);
  let [count, arrived] = [0, 0];
  const put = (at: number, point: number, distance: number, arrival: number) => {
    points[at] = point;
    distances[at] = distance;
    arrivals[at] = arrival;
  };
  return {
    push(point, distance) {
      let at = count++;
      // What arrives last goes behind those of its distance.
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (distances[parent]! <= distance) break;
        put(at, points[parent]!, distances[parent]!, arrivals[parent]!);
        at = parent;
      }
      put(at, point, distance, arrived++);
    },
    pop() {
      if (count === 0) return -1;
      const top = points[0]!;
      count--;
      const [point, distance, arrival] = [points[count]!, distances[count]!, arrivals[count]!];
      let at = 0;
      for (let child = 1; child < count; child = 2 * at + 1) {
        const other = child + 1;
        if (
          other < count && (distances[other]! < distances[child]! ||
            (distances[other]! === distances[child]! && arrivals[other]! < arrivals[child]!))
        ) {
          child = other;
        }
        const next = distances[child]!;
        if (next > distance || (next === distance && arrivals[child]! > arrival)) break;
        put(at, points[child]!, next, arrivals[child]!);
        at = child;
      }
      put(at, point, distance, arrival);
      return top;
    },
  };
}

/** The eikonal equation |∇T| = 1 from one neighbour in each direction. */
function solveCorner(state: Uint8Array, distance: Float32Array, a: number, b: number): number {
  const first = distance[a]!;
  const second = distance[b]!;
  if (state[a] !== INSIDE) {
    if (state[b] === INSIDE) return 1 + first;
    const apart = first - second;
    return Math.abs(apart) >= 1
      ? 1 + Math.min(first, second)
      : (first + second + Math.sqrt(2 - apart * apart)) / 2;
  }
  return state[b] !== INSIDE ? 1 + second : 1 + Math.min(first, second);
}

function solveDistance(state: Uint8Array, distance: Float32Array, point: number, stride: number): number {
  const up = point - stride;
  const down = point + stride;
  return Math.min(
    solveCorner(state, distance, up, point - 1),
    solveCorner(state, distance, down, point - 1),
    solveCorner(state, distance, up, point + 1),
    solveCorner(state, distance, down, point + 1),
  );
}

/**
 * Fills missing pixels by Telea's method.
 *
 * @param pixels `[3, height, width]` in [0, 1]; taken to 8 bits first.
 * @param missing One value per pixel; not 0 where the pixel is missing.
 * @param width Pixels per row.
 * @param height Rows.
 * @param radius Radius of the neighbourhood, in pixels.
 * @returns A new image, in steps of 1/255 where it was missing; other pixels are unchanged.
 * @throws {TypeError} When the sizes do not fit.
 * @throws {RangeError} When every pixel is missing.
 */
export function imputeTelea(
  pixels: Float32Array,
  missing: Uint8Array,
  width: number,
  height: number,
  radius: number,
): Float32Array {
  const area = width * height;
  if (pixels.length !== 3 * area || missing.length !== area) {
    throw new TypeError(
      `Cannot impute: ${pixels.length} values and ${missing.length} marks for 3 x ${height} x ${width} pixels`,
    );
  }
  if (!missing.includes(0)) throw new RangeError(`Cannot impute: all ${area} pixels are missing`);
  // A border of one point all around, known but never read, makes most checks unnecessary.
  const stride = width + 2;
  const points = stride * (height + 2);
  const state = new Uint8Array(points);
  const inImage = new Uint8Array(points);
  const levels = new Float32Array(3 * points);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [point, i] = [(y + 1) * stride + x + 1, y * width + x];
      inImage[point] = 1;
      if (missing[i] !== 0) state[point] = INSIDE;
      for (let colour = 0; colour < 3; colour++) {
        const level = Math.round(255 * pixels[colour * area + i]!);
        levels[3 * point + colour] = Math.min(255, Math.max(0, level));
      }
    }
  }
  const distance = new Float32Array(points).fill(FAR);
  const band: number[] = [];
  for (let point = 0; point < points; point++) {
    if (inImage[point] === 0 || state[point] === INSIDE) continue;
    const beside = state[point - stride] === INSIDE || state[point - 1] === INSIDE ||
      state[point + 1] === INSIDE || state[point + stride] === INSIDE;
    if (beside) band.push(point);
  }
  for (const point of band) {
    state[point] = BAND;
    distance[point] = 0;
  }
  measureOutside(state, inImage, distance, band, stride, radius);

  const front = createFront(points);
  for (const point of band) front.push(point, 0);
  const fill = filler(state, inImage, distance, levels, stride, radius);
  const around = Int32Array.of(-stride, -1, stride, 1);
  for (let from = front.pop(); from >= 0; from = front.pop()) {
    state[from] = KNOWN;
    for (let side = 0; side < 4; side++) {
      const point = from + around[side]!;
      if (state[point] !== INSIDE) continue;
      distance[point] = solveDistance(state, distance, point, stride);
      fill(point);
      state[point] = BAND;
      front.push(point, distance[point]!);
    }
  }

  const out = pixels.slice();
  for (let i = 0; i < area; i++) {
    if (missing[i] === 0) continue;
    const point = (Math.floor(i / width) + 1) * stride + i % width + 1;
    for (let colour = 0; colour < 3; colour++) out[colour * area + i] = levels[3 * point + colour]! / 255;
  }
  return out;
}

/** Negative distances of known pixels to the holes, up to the radius of the neighbourhood. */
function measureOutside(
  state: Uint8Array,
  inImage: Uint8Array,
  distance: Float32Array,
  band: readonly number[],
  stride: number,
  radius: number,
): void {
  // The same march outwards, over the known pixels within reach of a hole.
  const outside = new Uint8Array(state.length);
  const rows = state.length / stride;
  for (let point = 0; point < state.length; point++) {
    if (state[point] !== INSIDE) continue;
    const row = Math.floor(point / stride);
    const column = point % stride;
    const bottom = Math.min(rows - 2, row + radius);
    const right = Math.min(stride - 2, column + radius);
    for (let y = Math.max(1, row - radius); y <= bottom; y++) {
      for (let x = Math.max(1, column - radius); x <= right; x++) {
        const near = y * stride + x;
        if (state[near] === KNOWN && inImage[near] === 1) outside[near] = INSIDE;
      }
    }
  }
  const front = createFront(state.length);
  for (const point of band) front.push(point, 0);
  const reached = new Int32Array(state.length);
  let count = 0;
  const around = Int32Array.of(-stride, -1, stride, 1);
  for (let from = front.pop(); from >= 0; from = front.pop()) {
    outside[from] = KNOWN;
    reached[count++] = from;
    for (let side = 0; side < 4; side++) {
      const point = from + around[side]!;
      if (outside[point] !== INSIDE) continue;
      distance[point] = solveDistance(outside, distance, point, stride);
      outside[point] = BAND;
      front.push(point, distance[point]!);
    }
  }
  for (let i = 0; i < count; i++) distance[reached[i]!] = -distance[reached[i]!]!;
}

/** Rounds halves to the even neighbour, because `+ 0.5` makes halves common. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** The places of a neighbourhood, without its middle, row by row: dx, dy and the cube of their distance. */
function discPlaces(radius: number): Float64Array {
  const places: number[] = [];
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) {
      const square = dx * dx + dy * dy;
      if (square > 0 && square <= radius * radius) places.push(dx, dy, square * Math.sqrt(square));
    }
  }
  return Float64Array.from(places);
}

/** A colour's level at a filled point: the mean, and a step of length one along its gradients. */
function filledLevel(mean: number, sum: number, x: number, y: number): number {
  const value = mean / sum + (x + y) / (Math.sqrt(x * x + y * y) + 1e-20) + 0.5;
  return Math.min(255, Math.max(0, roundHalfEven(Math.fround(value))));
}

/** Fills one point from the known ones around it. Colours are written out: this loop takes most of the time. */
function filler(
  state: Uint8Array,
  inImage: Uint8Array,
  distance: Float32Array,
  levels: Float32Array,
  stride: number,
  radius: number,
): (point: number) => void {
  const places = discPlaces(radius);
  /** Central difference if both neighbours are known, one-sided if only one is. */
  const slope = (point: number, step: number): number => {
    const behind = state[point - step] !== INSIDE;
    if (state[point + step] !== INSIDE) {
      return behind
        ? (distance[point + step]! - distance[point - step]!) / 2
        : distance[point + step]! - distance[point]!;
    }
    return behind ? distance[point]! - distance[point - step]! : 0;
  };

  return (point) => {
    const slopeX = slope(point, 1);
    const slopeY = slope(point, stride);
    const own = distance[point]!;
    let sum = 0;
    let red = 0, green = 0, blue = 0;
    let redX = 0, greenX = 0, blueX = 0;
    let redY = 0, greenY = 0, blueY = 0;
    for (let place = 0; place < places.length; place += 3) {
      const dx = places[place]!;
      const dy = places[place + 1]!;
      const near = point + dy * stride + dx;
      if (inImage[near] !== 1 || state[near] === INSIDE) continue;
      const level = 1 / (1 + Math.abs(distance[near]! - own));
      let direction = -dx * slopeX - dy * slopeY;
      if (Math.abs(direction) <= 0.01) direction = 1e-6;
      const weight = Math.abs(level * direction / places[place + 2]!);
      sum += weight;
      // A neighbour that is a hole, or outside the image, is replaced by the pixel itself.
      const right = state[near + 1] !== INSIDE;
      const left = state[near - 1] !== INSIDE;
      const below = state[near + stride] !== INSIDE;
      const above = state[near - stride] !== INSIDE;
      const at = 3 * near;
      const atRight = right && inImage[near + 1] === 1 ? at + 3 : at;
      const atLeft = left && inImage[near - 1] === 1 ? at - 3 : at;
      const atBelow = below && inImage[near + stride] === 1 ? at + 3 * stride : at;
      const atAbove = above && inImage[near - stride] === 1 ? at - 3 * stride : at;
      const alongX = weight * dx * (right && left ? 2 : 1);
      const alongY = weight * dy * (below && above ? 2 : 1);
      red += weight * levels[at]!;
      green += weight * levels[at + 1]!;
      blue += weight * levels[at + 2]!;
      redX += alongX * (levels[atRight]! - levels[atLeft]!);
      greenX += alongX * (levels[atRight + 1]! - levels[atLeft + 1]!);
      blueX += alongX * (levels[atRight + 2]! - levels[atLeft + 2]!);
      redY += alongY * (levels[atBelow]! - levels[atAbove]!);
      greenY += alongY * (levels[atBelow + 1]! - levels[atAbove + 1]!);
      blueY += alongY * (levels[atBelow + 2]! - levels[atAbove + 2]!);
    }
    levels[3 * point] = filledLevel(red, sum, redX, redY);
    levels[3 * point + 1] = filledLevel(green, sum, greenX, greenY);
    levels[3 * point + 2] = filledLevel(blue, sum, blueX, blueY);
  };
}
