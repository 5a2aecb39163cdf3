/**
 * What all parts of the page share: its elements, its one line of status, and its events for programs that watch it.
 *
 * @module
 */
import type { ClassScore, ValueMap } from "@ptame/ptame";
import type { TrainProgress } from "@ptame/ptame/train";

/** Which head a map comes from: the one that the page came with, or the one taught (or loaded) in it. */
export type Which = "before" | "after";

/** What a map comes from: a head, or a method by its name. */
export type View = Which | (string & Record<never, never>);

/** Whether a view is by a head rather than by a method. */
export const isHead = (view: View): view is Which => view === "before" || view === "after";

/** What the page dispatches on the document as "ptame", for programs that watch it. */
export type PageEvent =
  | { readonly kind: "ready"; readonly device: string; readonly threads: number }
  | { readonly kind: "explained"; readonly which: View; readonly prediction: readonly ClassScore[] }
  | { readonly kind: "shown"; readonly which: View; readonly target: ClassScore; readonly map: ValueMap }
  | { readonly kind: "compared"; readonly map: ValueMap }
  | { readonly kind: "erased"; readonly share: number; readonly probability: number }
  | { readonly kind: "live"; readonly target: ClassScore }
  | { readonly kind: "progress"; readonly progress: TrainProgress }
  | { readonly kind: "trained"; readonly losses: readonly number[] }
  | { readonly kind: "curve"; readonly order: string; readonly probabilities: readonly number[] }
  | { readonly kind: "classifier"; readonly name: string; readonly classes: number; readonly method: string }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly message: string };

/** The element with this id, which the page has. */
export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** Tells programs that watch the page. */
export function announce(event: PageEvent): void {
  document.dispatchEvent(new CustomEvent("ptame", { detail: event }));
}

/** Sets the page's line of status; screen readers say it when they are free. */
export function say(text: string): void {
  const status = element("status");
  status.textContent = text;
  status.classList.remove("failed");
}

/** Says what went wrong. */
export function sayFailed(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const status = element("status");
  status.textContent = message;
  status.classList.add("failed");
  announce({ kind: "failed", message });
}

/** Runs something for a control; what it throws is said. */
export function attempt(act: () => Promise<void>): void {
  act().catch(sayFailed);
}

/** Runs something with what a person typed into a field, when its form is sent. */
export function onSubmit(form: string, field: string, act: (text: string) => Promise<void>): void {
  element(form).addEventListener("submit", (event) => {
    event.preventDefault();
    const { value } = element<HTMLInputElement>(field);
    if (value.trim() !== "") attempt(() => act(value));
  });
}

/** Runs something with what a person chooses in a menu. */
export function onChoice(menu: string, act: (value: string) => Promise<void>): void {
  element(menu).addEventListener(
    "change",
    ({ target }) => attempt(() => act((target as HTMLSelectElement).value)),
  );
}

let plainScores = false;

/** Whether the classifier's numbers are scores, which are no shares of anything. */
export function showPlainScores(plain: boolean): void {
  plainScores = plain;
}

/** A probability as people read it; a score as a number. */
export function percent(probability: number): string {
  if (plainScores) return String(Number(probability.toPrecision(4)));
  return `${(100 * probability).toFixed(probability < 0.001 ? 3 : 1)} %`;
}

/** Hands a file to the person. */
export function download(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The download has its own hold on the data by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
