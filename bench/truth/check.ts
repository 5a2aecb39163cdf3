/**
 * Checks that the truth holds for the classifier, too: that it reads the parts and nothing else. Scenes are drawn again
 * with other surroundings, without the hat, and without the mark.
 *
 * @module
 */
import type { OpenClassifier } from "../../src/classifier/open.ts";
import { drawScene, MARKS, type SceneOptions } from "./scenes.ts";

/** Shares of scenes, 0 to 1. */
export interface TruthCheck {
  /** Right. */
  readonly right: number;
  /** Of those: still the same class with other surroundings. */
  readonly sameElsewhere: number;
  /** Of those, mean probability of the class: as drawn, without its hat, without its mark. */
  readonly whole: number;
  readonly withoutHat: number;
  readonly withoutMark: number;
  /** Of those: still the same mark without the hat, and the same hat without the mark. */
  readonly markStays: number;
  readonly hatStays: number;
}

/** Draws each scene four times and asks the classifier. */
export async function checkTruth(
  classifier: Pick<OpenClassifier, "probabilities">,
  seed: number,
  scenes: number,
): Promise<TruthCheck> {
  const sums = { sameElsewhere: 0, whole: 0, withoutHat: 0, withoutMark: 0, markStays: 0, hatStays: 0 };
  let right = 0;
  const ask = async (index: number, options: SceneOptions = {}) => {
    const [row] = await classifier.probabilities([drawScene(seed, index, options).pixels]);
    return { row: row!, top: row!.indexOf(Math.max(...row!)) };
  };
  const hatOf = (label: number) => Math.floor(label / MARKS.length);
  const markOf = (label: number) => label % MARKS.length;
  for (let index = 0; index < scenes; index++) {
    const { label } = drawScene(seed, index);
    const whole = await ask(index);
    if (whole.top !== label) continue;
    right++;
    // Surroundings of a scene that no run of this size draws.
    const elsewhere = await ask(index, { surroundings: 1_000_000 + index });
    const [hatless, markless] = [await ask(index, { without: "hat" }), await ask(index, { without: "mark" })];
    sums.sameElsewhere += Number(elsewhere.top === label);
    sums.whole += whole.row[label]!;
    sums.withoutHat += hatless.row[label]!;
    sums.withoutMark += markless.row[label]!;
    sums.markStays += Number(markOf(hatless.top) === markOf(label));
    sums.hatStays += Number(hatOf(markless.top) === hatOf(label));
  }
  const { sameElsewhere, whole, withoutHat, withoutMark, markStays, hatStays } = sums;
  return {
    right: right / scenes,
    sameElsewhere: sameElsewhere / right,
    whole: whole / right,
    withoutHat: withoutHat / right,
    withoutMark: withoutMark / right,
    markStays: markStays / right,
    hatStays: hatStays / right,
  };
}
