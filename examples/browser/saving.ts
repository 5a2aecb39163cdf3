/**
 * The image with its map as a file: saved, copied, or shared where the machine can.
 *
 * @module
 */
import { attempt, download, element, say, type View, type Which } from "./dom.ts";
import type { Subject } from "./subject.ts";

/** What is saved. */
export interface SavingHooks {
  readonly subject: () => Subject | undefined;
  /** What the map comes from. */
  readonly view: () => View;
  /** The head whose contrast is shown. */
  readonly head: () => Which;
  readonly selected: () => { readonly index: number; readonly label: string };
  readonly rival: () => { readonly index: number; readonly label: string };
}

/** Sets up the buttons. */
export function setUpSaving({ subject, view, head, selected, rival }: SavingHooks): void {
  const overlay = async (): Promise<Blob> => {
    const own = subject();
    if (own === undefined) throw new Error("Cannot save: there is no image yet");
    const opacity = Number(element<HTMLInputElement>("strength").value);
    return png(await own.overlayPng(view(), selected().index, opacity));
  };
  const contrast = async (): Promise<Blob> => {
    const explanation = subject()?.explanation(head());
    if (explanation === undefined) throw new Error("Cannot save the comparison: it needs a head");
    return png(await explanation.contrastPng(selected().index, rival().index));
  };
  const onClick = (id: string, act: () => Promise<void>) =>
    element(id).addEventListener("click", () => attempt(act));

  onClick("save-overlay", async () => {
    download(await overlay(), `${fileName(selected().label)}.png`);
    say("The image is saved.");
  });
  onClick("save-contrast", async () => {
    download(await contrast(), `${fileName(selected().label)}_not_${fileName(rival().label)}.png`);
    say("The image is saved.");
  });
  onClick("copy-overlay", async () => {
    if (typeof ClipboardItem === "undefined") throw new Error("Cannot copy: this browser copies no images");
    // The promise inside: Safari copies only what is begun within the press.
    await navigator.clipboard.write([new ClipboardItem({ "image/png": overlay() })]);
    say("The image with its map is copied.");
  });
  const probe = { files: [new File([], "map.png", { type: "image/png" })] };
  element("share-overlay").hidden = navigator.canShare?.(probe) !== true;
  onClick("share-overlay", async () => {
    const { label } = selected();
    const file = new File([await overlay()], `${fileName(label)}.png`, { type: "image/png" });
    try {
      await navigator.share({ files: [file], title: `Where the classifier looks for ${label}` });
    } catch (error) {
      // The person has changed their mind.
      if ((error as Error).name !== "AbortError") throw error;
    }
  });
}

function png(bytes: Uint8Array<ArrayBuffer>): Blob {
  return new Blob([bytes], { type: "image/png" });
}

function fileName(label: string): string {
  return label.split(",")[0]!.replaceAll(/\W+/g, "_");
}
