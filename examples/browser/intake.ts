/**
 * Pictures come in: chosen, dropped anywhere, pasted, or the sample.
 *
 * @module
 */
import { attempt, element } from "./dom.ts";

/** The controls that take pictures. */
export interface Intake {
  /** Whether they can be used. */
  setReady(ready: boolean): void;
}

/** Sets up the controls; `take` is called with the pictures. */
export function setUpIntake(take: (pictures: readonly Blob[]) => void): Intake {
  const [chooser, more] = [element<HTMLInputElement>("files"), element<HTMLInputElement>("more")];
  const buttons = [
    chooser,
    more,
    element<HTMLButtonElement>("sample"),
    element<HTMLButtonElement>("use-camera"),
  ];
  let ready = false;
  const offer = (files: Iterable<File> | undefined | null) => {
    const pictures = [...files ?? []];
    if (ready && pictures.length > 0) take(pictures);
  };

  for (const input of [chooser, more]) {
    input.addEventListener("change", () => {
      offer(input.files);
      // The same file may be chosen again.
      input.value = "";
    });
  }
  element("sample").addEventListener("click", () =>
    attempt(async () => {
      const response = await fetch(new URL("models/sample/chelsea.jpg", document.baseURI));
      if (!response.ok) throw new Error(`Cannot load the sample: the server answered ${response.status}`);
      offer([new File([await response.blob()], "chelsea.jpg", { type: "image/jpeg" })]);
    }));
  // Dropping anywhere is as good as on the frame; a picture beside it must not replace the page.
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  addEventListener("dragleave", ({ relatedTarget }) => {
    if (relatedTarget === null) document.body.classList.remove("over");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("over");
    offer(event.dataTransfer?.files);
  });
  addEventListener("paste", ({ clipboardData }) => offer(clipboardData?.files));

  return {
    setReady: (now) => {
      ready = now;
      for (const button of buttons) button.disabled = !now;
    },
  };
}
