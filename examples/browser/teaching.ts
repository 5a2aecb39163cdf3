/**
 * Teaching the head on a person's own pictures: the tray of pictures, the steps with their loss, and the head as a
 * file, to keep and to bring back.
 *
 * @module
 */
import type { TrainProgress } from "@ptame/ptame/train";
import { announce, attempt, download, element, say, sayFailed } from "./dom.ts";
import type { Engine } from "./engine.ts";
import { drawLosses } from "./trail.ts";

/** What teaching asks of the page. */
export interface TeachingHooks {
  readonly engine: () => Engine | undefined;
  /** Called when another head is in use. */
  readonly changed: () => Promise<void>;
}

/** The pictures to teach on. */
export interface Teaching {
  /** Takes other pictures. */
  setPictures(pictures: readonly Blob[]): void;
  /** Stops a run, where there is one. */
  stop(): void;
  /** Shows whether there is a head to keep. */
  update(): void;
}

/** More thumbnails than this say nothing. */
const MOST_SHOWN = 12;

/** Sets up the controls. */
export function setUpTeaching({ engine, changed }: TeachingHooks): Teaching {
  const [form, steps] = [element<HTMLFormElement>("teach"), element<HTMLInputElement>("steps")];
  const [progress, chart] = [element<HTMLProgressElement>("progress"), element("losses-chart")];
  const [save, load] = [element("save-head"), element<HTMLInputElement>("load-head")];
  let pictures: readonly Blob[] = [];
  let run: AbortController | undefined;
  let losses: number[] = [];

  const setRunning = (running: boolean) => {
    for (const id of ["steps", "start", "load-head"]) element<HTMLInputElement>(id).disabled = running;
    element("stop").hidden = progress.hidden = !running;
    document.body.classList.toggle("teaching", running);
  };
  const follow = (event: TrainProgress) => {
    announce({ kind: "progress", progress: event });
    if (event.kind === "start") {
      losses = [];
      element("losses").replaceChildren();
      progress.max = event.steps ?? 1;
      progress.removeAttribute("value");
    } else if (event.kind === "step") {
      const { step, total, ce, area } = event.loss;
      progress.value = step;
      losses.push(total);
      element("losses-box").hidden = false;
      drawLosses(chart as unknown as SVGSVGElement, losses, event.steps);
      element("teach-state").textContent = `Step ${step} of ${event.steps}, loss ${total.toFixed(3)}, ` +
        `${Math.ceil(event.secondsLeft)} s left`;
      const row = document.createElement("tr");
      for (const text of [step, total.toFixed(4), ce.toFixed(4), area.toFixed(4)]) {
        row.insertCell().textContent = String(text);
      }
      element("losses").append(row);
    } else if (event.kind === "skipped") {
      sayFailed(new Error(`Left out ${event.skipped.image}: ${event.skipped.reason}`));
    }
  };
  const teach = async () => {
    const own = engine();
    if (own === undefined || pictures.length === 0 || run !== undefined) return;
    run = new AbortController();
    setRunning(true);
    element("teach-state").textContent = "Preparing the graphs …";
    say(`Teaching: ${steps.value} steps on ${countOf(pictures.length)} …`);
    try {
      await own.teach({ pictures, steps: Number(steps.value), signal: run.signal, onProgress: follow });
      element("teach-state").textContent = `${losses.length} steps done`;
      await changed();
      say(`Taught ${losses.length} steps: the right picture shows what the head finds now.`);
      announce({ kind: "trained", losses });
    } catch (error) {
      if (!run.signal.aborted) throw error;
      element("teach-state").textContent = "Stopped";
      say("Stopped; the head is as it was.");
      announce({ kind: "stopped" });
    } finally {
      run = undefined;
      setRunning(false);
    }
  };
  const loadHead = async () => {
    const file = load.files?.[0];
    const own = engine();
    load.value = "";
    if (file === undefined || own === undefined) return;
    await own.useHead(file);
    await changed();
    say(`Using the head of ${file.name} beside the one that the page came with.`);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(teach);
  });
  element("stop").addEventListener("click", () => {
    say("Stopping after this step …");
    run?.abort(new Error("Stopped"));
  });
  save.addEventListener("click", () => {
    const head = engine()?.after;
    if (head !== undefined) download(head, "my_head.safetensors");
  });
  load.addEventListener("change", () => attempt(loadHead));

  return {
    setPictures: (chosen) => {
      pictures = chosen;
      element("tray-count").textContent = countOf(chosen.length);
      const tray = element("tray");
      for (const image of tray.querySelectorAll("img")) URL.revokeObjectURL(image.src);
      tray.replaceChildren(
        ...chosen.slice(0, MOST_SHOWN).map((picture) => {
          const image = new Image();
          image.src = URL.createObjectURL(picture);
          image.alt = picture instanceof File ? picture.name : "";
          image.decoding = "async";
          image.addEventListener("error", () => image.remove());
          return image;
        }),
      );
    },
    stop: () => run?.abort(new Error("Stopped")),
    update: () => save.hidden = engine()?.after === undefined,
  };
}

function countOf(pictures: number): string {
  return pictures === 1 ? "1 picture" : `${pictures} pictures`;
}
