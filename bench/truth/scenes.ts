/**
 * Drawn scenes of which it is known what decides the class, in the manner of FunnyBirds (Hesse et al., ICCV 2023: birds
 * of parts, some of which tell the class) and of CLEVR-XAI (Arras et al. 2022: masks of the objects that an answer is
 * about).
 *
 * A scene has a creature: a round body with feet, a hat and a mark on its belly. The hat's shape (triangle, square, dome)
 * and the mark's shape (plus, ring) are the class. Nothing else tells it: place, turn, size and all colours are drawn
 * apart from the class, and so are stripes, stars, bars and discs around the creature, of which none has the shape of a
 * hat or a mark. The creature and its surroundings have streams of random numbers of their own, so a scene can be drawn
 * again with other surroundings, or without its hat or its mark.
 *
 * @module
 */
import { createStream, type Generator } from "../../src/random/generator.ts";

/** Pixels along a side of a scene. */
export const SIDE = 64;

/** Samples along a side of a pixel; a pixel's colour is their mean. */
const SAMPLES = 3;

/** Shapes of hats. */
export const HATS = ["triangle", "square", "dome"] as const;
/** Shapes of marks. */
export const MARKS = ["plus", "ring"] as const;

/** The classes in order: hat and mark. */
export const CLASSES: readonly string[] = HATS.flatMap((hat) => MARKS.map((mark) => `${hat} and ${mark}`));

/** What a pixel shows. */
export const SHOWN = { background: 0, figure: 1, feet: 2, body: 3, hat: 4, mark: 5 } as const;

/** The parts that decide the class. */
export type Part = "hat" | "mark";

/** A scene. */
export interface Scene {
  /** `[3, 64, 64]` in [0, 1], whole levels of 1/255. */
  readonly pixels: Float32Array;
  /** What each pixel shows in its middle, a value of `SHOWN`. */
  readonly shown: Uint8Array;
  /** Its class. */
  readonly label: number;
}

/** What is drawn otherwise than by the index. */
export interface SceneOptions {
  /** Number of the surroundings; the index by default. */
  readonly surroundings?: number;
  /** A part to leave out. */
  readonly without?: Part;
}

type Colour = readonly [number, number, number];

/** Something that covers what was drawn before it. */
interface Layer {
  readonly kind: number;
  readonly colour: Colour;
  covers(x: number, y: number): boolean;
}

/** Shapes of radius one around the origin; v points down. */
const SHAPES = {
  triangle: (u: number, v: number) => v <= 1 && Math.abs(u) <= (v + 1) / 2,
  square: (u: number, v: number) => Math.abs(u) <= 0.85 && Math.abs(v) <= 0.85,
  dome: (u: number, v: number) => v <= 0.8 && u * u + ((v - 0.8) / 1.7) ** 2 <= 1,
  plus: (u: number, v: number) =>
    Math.max(Math.abs(u), Math.abs(v)) <= 1 && Math.min(Math.abs(u), Math.abs(v)) <= 0.3,
  ring: (u: number, v: number) => u * u + v * v <= 1 && u * u + v * v >= 0.3,
  disc: (u: number, v: number) => u * u + v * v <= 1,
  bar: (u: number, v: number) => Math.abs(u) <= 1 && Math.abs(v) <= 0.25,
  star: (u: number, v: number) => {
    const turn = Math.abs(((Math.atan2(v, u) * 5 / (2 * Math.PI)) % 1 + 1) % 1 - 0.5);
    return Math.hypot(u, v) <= 0.42 + 0.58 * (2 * turn) ** 1.5;
  },
} as const;

/** A shape at a place, turned. */
function placed(
  shape: keyof typeof SHAPES,
  { x, y, radius, turn }: { x: number; y: number; radius: number; turn: number },
): Layer["covers"] {
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const covers = SHAPES[shape];
  return (px, py) => {
    const [dx, dy] = [(px - x) / radius, (py - y) / radius];
    // No shape reaches further than this.
    if (dx * dx + dy * dy > 2) return false;
    return covers(cos * dx + sin * dy, cos * dy - sin * dx);
  };
}

const colour = (dice: Generator): Colour => [dice.uniform(), dice.uniform(), dice.uniform()];

/** A colour that differs from others by at least 0.6 over its three parts. */
function distinct(dice: Generator, others: readonly Colour[]): Colour {
  for (;;) {
    const found = colour(dice);
    const away = (other: Colour) => other.reduce((sum, part, i) => sum + Math.abs(part - found[i]!), 0);
    if (others.every((other) => away(other) >= 0.6)) return found;
  }
}

const between = (dice: Generator, low: number, high: number) => low + (high - low) * dice.uniform();

/** Stripes over the base colour, and five to nine figures. */
function surroundings(dice: Generator): Layer[] {
  const base = colour(dice);
  const other = base.map((part) => Math.min(1, Math.max(0, part + between(dice, -0.2, 0.2))));
  const [width, turn] = [between(dice, 3, 10), between(dice, 0, Math.PI)];
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  const layers: Layer[] = [
    { kind: SHOWN.background, colour: base, covers: () => true },
    {
      kind: SHOWN.background,
      colour: [other[0]!, other[1]!, other[2]!],
      covers: (x, y) => Math.floor((x * cos + y * sin) / width) % 2 === 0,
    },
  ];
  const count = 5 + dice.below(5);
  for (let i = 0; i < count; i++) {
    const shape = (["star", "bar", "disc"] as const)[dice.below(3)]!;
    const radius = between(dice, 3, 7);
    const place = {
      x: between(dice, 0, SIDE),
      y: between(dice, 0, SIDE),
      radius,
      turn: between(dice, 0, 6.3),
    };
    layers.push({ kind: SHOWN.figure, colour: distinct(dice, [base]), covers: placed(shape, place) });
  }
  return layers;
}

/** Feet, body, hat and mark; what is left out is drawn by lot all the same, so that the rest stays. */
function creature(dice: Generator, without: Part | undefined): { layers: Layer[]; label: number } {
  const [hat, mark] = [dice.below(HATS.length), dice.below(MARKS.length)];
  const [radius, lean] = [between(dice, 11, 14), between(dice, -0.4, 0.4)];
  const [x, y] = [between(dice, 18, SIDE - 18), between(dice, 29, SIDE - 19)];
  /** A place beside the body's middle, in its own directions. */
  const beside = (right: number, down: number) => ({
    x: x + right * Math.cos(lean) - down * Math.sin(lean),
    y: y + right * Math.sin(lean) + down * Math.cos(lean),
  });
  const [body, feet] = [colour(dice), colour(dice)];
  const [hatRadius, markRadius] = [between(dice, 6, 7.5), between(dice, 5, 6.5)];
  const layers: (Layer & { part?: Part })[] = [
    ...[-1, 1].map((side) => ({
      kind: SHOWN.feet,
      colour: feet,
      covers: placed("disc", { ...beside(side * 0.55 * radius, 0.95 * radius), radius: 4, turn: 0 }),
    })),
    { kind: SHOWN.body, colour: body, covers: placed("disc", { x, y, radius, turn: 0 }) },
    {
      kind: SHOWN.hat,
      part: "hat",
      colour: distinct(dice, [body]),
      covers: placed(HATS[hat]!, { ...beside(0, -radius - 0.6 * hatRadius), radius: hatRadius, turn: lean }),
    },
    {
      kind: SHOWN.mark,
      part: "mark",
      colour: distinct(dice, [body]),
      covers: placed(MARKS[mark]!, {
        ...beside(between(dice, -2, 2), between(dice, -0.5, 3)),
        radius: markRadius,
        turn: between(dice, 0, 6.3),
      }),
    },
  ];
  return {
    layers: layers.filter(({ part }) => part === undefined || part !== without),
    label: hat * MARKS.length + mark,
  };
}

/**
 * Draws a scene; the same numbers give the same scene.
 *
 * @param seed Of all scenes: 1 to train the classifier, another to measure.
 * @param index Number of the scene.
 */
export function drawScene(seed: number, index: number, options: SceneOptions = {}): Scene {
  const { layers, label } = creature(createStream(2 * seed, index), options.without);
  const all = [...surroundings(createStream(2 * seed + 1, options.surroundings ?? index)), ...layers];
  const top = (x: number, y: number) => all.findLast((layer) => layer.covers(x, y))!;
  const area = SIDE * SIDE;
  const pixels = new Float32Array(3 * area);
  const shown = new Uint8Array(area);
  const corners = Array.from(
    { length: (SIDE + 1) ** 2 },
    (_, i) => top(i % (SIDE + 1), Math.floor(i / (SIDE + 1))),
  );
  for (let i = 0; i < area; i++) {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    const middle = top(x + 0.5, y + 0.5);
    shown[i] = middle.kind;
    // Nothing is thinner than a pixel: where the middle and the corners show one layer, all of the pixel does.
    const at = y * (SIDE + 1) + x;
    const alike = [at, at + 1, at + SIDE + 1, at + SIDE + 2].every((corner) => corners[corner] === middle);
    const found = alike ? [middle] : samples(x, y).map(([sx, sy]) => top(sx, sy));
    for (let c = 0; c < 3; c++) {
      const mean = found.reduce((sum, { colour }) => sum + colour[c]!, 0) / found.length;
      pixels[c * area + i] = Math.round(255 * mean) / 255;
    }
  }
  return { pixels, shown, label };
}

/** Places in a pixel, evenly spread. */
function samples(x: number, y: number): [x: number, y: number][] {
  return Array.from({ length: SAMPLES ** 2 }, (_, n) => [
    x + (n % SAMPLES + 0.5) / SAMPLES,
    y + (Math.floor(n / SAMPLES) + 0.5) / SAMPLES,
  ]);
}
