/**
 * The list of what the classifier sees: a button per class with its probability. While parts of the image are erased it
 * is sorted anew: classes that come in are marked, and each says what it was with the whole image.
 *
 * @module
 */
import type { ClassScore } from "@ptame/ptame";
import { element, percent } from "./dom.ts";

/** How many classes it shows. */
const SHOWN = 5;

/** A class as it stands now. */
interface Line extends ClassScore {
  /** With the whole image, if that is known. */
  readonly was: number | undefined;
  /** Whether it was not among the first. */
  readonly isNew: boolean;
}

let chosen: (index: number) => void = () => {};
let marked = -1;

/** Fills the list; `choose` is called with the class that a person chooses. */
export function fillClasses(prediction: readonly ClassScore[], choose: (index: number) => void): void {
  chosen = choose;
  element("classes").replaceChildren();
  showLines(prediction.map((score) => ({ ...score, was: undefined, isNew: false })));
}

/** Marks the class that is shown. */
export function markClass(index: number): void {
  marked = index;
  for (const button of buttons().values()) {
    button.setAttribute("aria-pressed", String(button.dataset["index"] === String(index)));
  }
}

/**
 * Sorts the list by other probabilities; `undefined` shows those of the whole image again.
 *
 * @param whole Probabilities of all classes with the whole image, if they are known.
 */
export function updateClasses(
  prediction: readonly ClassScore[],
  labels: readonly string[],
  now?: Float32Array,
  whole?: Float32Array,
): void {
  if (now === undefined) {
    return showLines(prediction.map((score) => ({ ...score, was: undefined, isNew: false })));
  }
  const first = new Set(prediction.map(({ index }) => index));
  const best = topIndices(now, SHOWN);
  // The class that is followed stays in sight, however far it falls.
  if (marked >= 0 && !best.includes(marked)) best.push(marked);
  showLines(best.map((index) => ({
    index,
    label: labels[index]!,
    probability: now[index]!,
    was: whole?.[index] ?? prediction.find((score) => score.index === index)?.probability,
    isNew: !first.has(index),
  })));
}

/** The places of the greatest values, greatest first. */
function topIndices(values: Float32Array, count: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < values.length; i++) {
    let at = best.length;
    while (at > 0 && values[best[at - 1]!]! < values[i]!) at--;
    if (at < count) {
      best.splice(at, 0, i);
      best.length = Math.min(best.length, count);
    }
  }
  return best;
}

/** Shows lines in their order; a class keeps its button, so nothing flickers and the focus stays. */
function showLines(lines: readonly Line[]): void {
  const list = element("classes");
  const present = buttons();
  const wanted = lines.map((line) => {
    const button = present.get(line.index) ?? createButton(line);
    showLine(button, line);
    return button.parentElement as HTMLElement;
  });
  for (const item of [...list.children]) if (!wanted.includes(item as HTMLElement)) item.remove();
  wanted.forEach((item, place) => {
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
}

function showLine(button: HTMLButtonElement, { probability, was, isNew }: Line): void {
  button.style.setProperty("--now", String(probability));
  button.style.setProperty("--was", String(was ?? probability));
  button.classList.toggle("changed", was !== undefined);
  button.classList.toggle("new", isNew);
  button.querySelector(".share")!.textContent = percent(probability);
  const before = was === undefined ? "" : `${percent(was)} →`;
  button.querySelector(".change")!.textContent = before;
}

function createButton({ index, label }: Line): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset["index"] = String(index);
  button.append(part("label", label), part("change", ""), part("share", ""), part("bar", ""));
  button.setAttribute("aria-pressed", String(index === marked));
  button.addEventListener("click", () => chosen(index));
  document.createElement("li").append(button);
  return button;
}

function part(name: string, text: string): HTMLSpanElement {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}

function buttons(): Map<number, HTMLButtonElement> {
  return new Map(
    [...element("classes").querySelectorAll("button")].map((button) => [
      Number(button.dataset["index"]),
      button,
    ]),
  );
}
