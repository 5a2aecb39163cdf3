/**
 * How methods are distinguished: a colour each for light and dark, and for the controls greys with dashes, so that
 * colour is never the only difference.
 *
 * @module
 */

/** Style of a method. */
export interface MethodStyle {
  /** A CSS colour: a custom property that style.ts defines for light and dark. */
  readonly colour: string;
  /** SVG's stroke-dasharray; "none" for a plain line. */
  readonly dash: string;
  /** Name of a marker of the plotting library. */
  readonly symbol: (typeof SYMBOLS)[number];
}

const SYMBOLS = ["circle", "square", "triangle", "diamond", "star", "cross", "wye"] as const;
const DASHES = ["2 3", "7 4", "9 3 2 3"];

/** Colours on white and on near black, each with at least 4.5 : 1 against it. */
export const COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ["#c2410c", "#fb923c"],
  ["#0369a1", "#38bdf8"],
  ["#047857", "#34d399"],
  ["#a21caf", "#e879f9"],
  ["#854d0e", "#facc15"],
  ["#4338ca", "#a5b4fc"],
  ["#be123c", "#fb7185"],
  ["#0f766e", "#2dd4bf"],
  ["#6d28d9", "#c4b5fd"],
  ["#4d7c0f", "#a3e635"],
];

/** Greys of the controls. */
export const GREYS: readonly (readonly [light: string, dark: string])[] = [
  ["#5b6470", "#b6bec9"],
  ["#6b7280", "#9ca3af"],
  ["#4b5563", "#d1d5db"],
];

/** A style for each method, by name. */
export function seriesStyles(
  methods: readonly string[],
  controls: readonly string[],
): ReadonlyMap<string, MethodStyle> {
  let [coloured, grey] = [0, 0];
  return new Map(methods.map((name, index) => {
    const control = controls.includes(name);
    const place = control ? grey++ : coloured++;
    const cycle = Math.floor(place / COLOURS.length);
    return [name, {
      colour: control ? `var(--grey-${place % GREYS.length})` : `var(--colour-${place % COLOURS.length})`,
      dash: control ? DASHES[place % DASHES.length]! : cycle === 0 ? "none" : DASHES[cycle % DASHES.length]!,
      symbol: SYMBOLS[index % SYMBOLS.length]!,
    }];
  }));
}
