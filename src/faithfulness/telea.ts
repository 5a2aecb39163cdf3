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

function createFront(): Front {
  const points: number[] = [];
  const distances: number[] = [];
  const arrivals: number[] = [];
  let arrived = 0;
  const before = (a: number, b: number) =>
    distances[a]! < distances[b]! || (distances[a] === distances[b] && arrivals[a]! < arrivals[b]!);
  const swap = (a: number, b: number) => {
    for (const list of [points, distances, arrivals]) [list[a], list[b]] = [list[b]!, list[a]!];
  };
  return {
    push(point, distance) {
      let at = points.length;
      points.push(point);
      distances.push(distance);
      arrivals.push(arrived++);
      for (let parent = (at - 1) >> 1; at > 0 && before(at, parent); parent = (at - 1) >> 1) {
        swap(at, parent);
        at = parent;
      }
    },
    pop() {
      if (points.length === 0) return -1;
      const top = points[0]!;
      swap(0, points.length - 1);
      points.pop();
      distances.pop();
      arrivals.pop();
      for (let at = 0;;) {
        let least = at;
        for (const child of [2 * at + 1, 2 * at + 2]) {
          if (child < points.length && before(child, least)) least = child;
        }
        if (least === at) return top;
        swap(at, least);
        at = least;
      }
    },
  };
}

/** The eikonal equation |∇T| = 1 from one neighbour in each direction. */
function solveCorner(state: Uint8Array, distance: Float32Array, a: number, b: number): number {
  const [first, second] = [distance[a]!, distance[b]!];
  const [hasFirst, hasSecond] = [state[a] !== INSIDE, state[b] !== INSIDE];
  if (hasFirst && hasSecond) {
    const apart = first - second;
    return Math.abs(apart) >= 1
      ? 1 + Math.min(first, second)
      : (first + second + Math.sqrt(2 - apart * apart)) / 2;
  }
  if (hasFirst) return 1 + first;
  return hasSecond ? 1 + second : 1 + Math.min(first, second);
}

function solveDistance(state: Uint8Array, distance: Float32Array, point: number, stride: number): number {
  const [up, down] = [point - stride, point + stride];
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
    const beside = [point - stride, point - 1, point + 1, point + stride];
    if (beside.some((each) => state[each] === INSIDE)) band.push(point);
  }
  for (const point of band) {
    state[point] = BAND;
    distance[point] = 0;
  }
  measureOutside(state, inImage, distance, band, stride, radius);

  const front = createFront();
  for (const point of band) front.push(point, 0);
  const fill = filler(state, inImage, distance, levels, stride, radius);
  for (let from = front.pop(); from >= 0; from = front.pop()) {
    state[from] = KNOWN;
    for (const point of [from - stride, from - 1, from + stride, from + 1]) {
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
  for (let point = 0; point < state.length; point++) {
    if (state[point] !== INSIDE) continue;
    const [row, column] = [Math.floor(point / stride), point % stride];
    const rows = state.length / stride;
    for (let y = Math.max(1, row - radius); y <= Math.min(rows - 2, row + radius); y++) {
      for (let x = Math.max(1, column - radius); x <= Math.min(stride - 2, column + radius); x++) {
        const near = y * stride + x;
        if (state[near] === KNOWN && inImage[near] === 1) outside[near] = INSIDE;
      }
    }
  }
  const front = createFront();
  for (const point of band) front.push(point, 0);
  const reached: number[] = [];
  for (let from = front.pop(); from >= 0; from = front.pop()) {
    outside[from] = KNOWN;
    reached.push(from);
    for (const point of [from - stride, from - 1, from + stride, from + 1]) {
      if (outside[point] !== INSIDE) continue;
      distance[point] = solveDistance(outside, distance, point, stride);
      outside[point] = BAND;
      front.push(point, distance[point]!);
    }
  }
  for (const point of reached) distance[point] = -distance[point]!;
}

/** Rounds halves to the even neighbour, because `+ 0.5` makes halves common. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** Fills one point from the known ones around it. */
function filler(
  state: Uint8Array,
  inImage: Uint8Array,
  distance: Float32Array,
  levels: Float32Array,
  stride: number,
  radius: number,
): (point: number) => void {
  /** Central difference if both neighbours are known, one-sided if only one is. */
  const slope = (point: number, step: number): number => {
    const [ahead, behind] = [state[point + step] !== INSIDE, state[point - step] !== INSIDE];
    if (ahead && behind) return (distance[point + step]! - distance[point - step]!) / 2;
    if (ahead) return distance[point + step]! - distance[point]!;
    return behind ? distance[point]! - distance[point - step]! : 0;
  };
  /** The neighbour, or the point itself at the border. */
  const inside = (neighbour: number, point: number) => inImage[neighbour] === 1 ? neighbour : point;

  return (point) => {
    const [slopeX, slopeY] = [slope(point, 1), slope(point, stride)];
    const mean = [0, 0, 0];
    const alongX = [0, 0, 0];
    const alongY = [0, 0, 0];
    let sum = 0;
    for (let dy = -radius; dy <= radius; dy++) {
      for (let dx = -radius; dx <= radius; dx++) {
        const square = dx * dx + dy * dy;
        const near = point + dy * stride + dx;
        if (square > radius * radius || square === 0) continue;
        if (inImage[near] !== 1 || state[near] === INSIDE) continue;
        const level = 1 / (1 + Math.abs(distance[near]! - distance[point]!));
        let direction = -dx * slopeX - dy * slopeY;
        if (Math.abs(direction) <= 0.01) direction = 1e-6;
        const weight = Math.abs(level * direction / (square * Math.sqrt(square)));
        sum += weight;
        const [right, left] = [state[near + 1] !== INSIDE, state[near - 1] !== INSIDE];
        const [below, above] = [state[near + stride] !== INSIDE, state[near - stride] !== INSIDE];
        const [atRight, atLeft] = [
          right ? inside(near + 1, near) : near,
          left ? inside(near - 1, near) : near,
        ];
        const atBelow = below ? inside(near + stride, near) : near;
        const atAbove = above ? inside(near - stride, near) : near;
        const [scaleX, scaleY] = [right && left ? 2 : 1, below && above ? 2 : 1];
        for (let colour = 0; colour < 3; colour++) {
          mean[colour]! += weight * levels[3 * near + colour]!;
          alongX[colour]! += weight * dx * scaleX *
            (levels[3 * atRight + colour]! - levels[3 * atLeft + colour]!);
          alongY[colour]! += weight * dy * scaleY *
            (levels[3 * atBelow + colour]! - levels[3 * atAbove + colour]!);
        }
      }
    }
    for (let colour = 0; colour < 3; colour++) {
      const [x, y] = [alongX[colour]!, alongY[colour]!];
      const value = mean[colour]! / sum + (x + y) / (Math.sqrt(x * x + y * y) + 1e-20) + 0.5;
      levels[3 * point + colour] = Math.min(255, Math.max(0, roundHalfEven(Math.fround(value))));
    }
  };
}
