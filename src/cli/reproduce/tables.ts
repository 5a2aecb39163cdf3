/**
 * The tables of `reproduce`: one for each backbone, its rows in the requested order, published numbers beside ours.
 *
 * @module
 */
import { directionArrow, inOrder, keyTitle, shownValue } from "../../faithfulness/report/labels.ts";
import type { Evaluation } from "../../faithfulness/summary.ts";
import { table } from "../terminal.ts";
import type { Published } from "./inputs.ts";

/** One table. */
export interface PaperTable {
  readonly backbone: string;
  /** Images measured. */
  readonly images: number;
  readonly device: string;
  readonly rows: readonly PaperRow[];
}

/** One row of a table. */
export interface PaperRow {
  readonly method: string;
  /** Mean of the maps: a map of 1 everywhere drops nothing. */
  readonly area: number;
  /** By key, such as "AD100". */
  readonly values: Readonly<Record<string, PaperValue>>;
}

/** One value: ours with its 95 % interval, and the published one if it is known. */
export interface PaperValue {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly published?: number;
}

/**
 * The table of an evaluation.
 *
 * @param methods Its rows.
 */
export function paperTable(
  { methods: results, images }: Evaluation,
  { backbone, device, methods, published }: Pick<PaperTable, "backbone" | "device"> & {
    readonly methods: readonly string[];
    readonly published: Published;
  },
): PaperTable {
  const rows = methods.map((method): PaperRow => {
    const { maskArea, measures } = results[method]!;
    const values = inOrder(Object.keys(measures)).map((key): [string, PaperValue] => {
      const { value, low, high } = measures[key]!;
      const known = published[backbone]?.[method]?.[key];
      return [key, { value, low, high, ...(known === undefined ? {} : { published: known }) }];
    });
    return { method, area: maskArea.value, values: Object.fromEntries(values) };
  });
  return { backbone, images, device, rows };
}

/** All tables as lines for people: ours, and the published number in brackets. */
export function paperLines(tables: readonly PaperTable[]): string[] {
  const known = tables.some(({ rows }) =>
    rows.some(({ values }) => Object.values(values).some(({ published }) => published !== undefined))
  );
  return [
    ...tables.flatMap(({ backbone, images, device, rows }) => {
      const keys = inOrder(rows.flatMap(({ values }) => Object.keys(values)));
      const cell = (key: string, value: PaperValue | undefined) => {
        if (value === undefined) return "–";
        const beside = value.published === undefined ? "" : ` [${shownValue(key, value.published)}]`;
        return shownValue(key, value.value) + beside;
      };
      const lines = table([
        ["", ...keys.map((key) => `${keyTitle(key)} ${directionArrow(key)}`), "map area"],
        ...rows.map(({ method, values, area }) => [
          method,
          ...keys.map((key) => cell(key, values[key])),
          area.toFixed(2),
        ]),
      ]);
      return ["", `${backbone}, ${images} images, ${device}`, ...lines.split("\n")];
    }),
    "",
    known
      ? "In brackets: the published numbers of --published."
      : "No published numbers are beside these: --published FILE.json adds them.",
  ];
}
