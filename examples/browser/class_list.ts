/**
 * The list of what the classifier sees: a button per class with its probability, and while parts of the picture are
 * erased what it was before.
 *
 * @module
 */
import type { ClassScore } from "@ptame/ptame";
import { element, percent } from "./dom.ts";

/** Fills the list; `choose` is called with the class that a person chooses. */
export function fillClasses(prediction: readonly ClassScore[], choose: (index: number) => void): void {
  element("classes").replaceChildren(...prediction.map(({ index, label, probability }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset["index"] = String(index);
    button.append(
      part("label", label),
      part("change", ""),
      part("share", percent(probability)),
      part("bar", ""),
    );
    button.style.setProperty("--now", String(probability));
    button.addEventListener("click", () => choose(index));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }));
}

function part(name: string, text: string): HTMLSpanElement {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}

function buttons(): HTMLButtonElement[] {
  return [...element("classes").querySelectorAll("button")];
}

/** Marks the class that is shown. */
export function markClass(index: number): void {
  for (const button of buttons()) {
    button.setAttribute("aria-pressed", String(button.dataset["index"] === String(index)));
  }
}

/** Shows other probabilities beside those of the whole picture; `undefined` shows the picture's own again. */
export function updateClasses(prediction: readonly ClassScore[], now: Float32Array | undefined): void {
  buttons().forEach((button, i) => {
    const { index, probability } = prediction[i]!;
    const changed = now?.[index] ?? probability;
    button.style.setProperty("--now", String(changed));
    button.style.setProperty("--was", String(probability));
    button.classList.toggle("changed", now !== undefined);
    button.querySelector(".share")!.textContent = percent(changed);
    button.querySelector(".change")!.textContent = now === undefined ? "" : `${percent(probability)} →`;
  });
}
