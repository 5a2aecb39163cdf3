/**
 * Teaching the head on a person's own images: the tray of images, the steps with their loss, and the head as a
 * file, to keep and to bring back.
 *
 * @module
 */
import type { TrainProgress } from "@ptame/ptame/train";
import { fitSentence, fitWarning } from "../../src/ptame/fit/fit_record.ts";
import type { Classifier } from "./classifier.ts";
import { announce, attempt, download, element, say, sayFailed } from "./dom.ts";
import { drawLosses } from "./loss_chart.ts";
import { shownSeconds } from "./rate.ts";

/** What teaching asks of the page. */
export interface TeachingHooks {
  readonly classifier: () => Classifier | undefined;
  /** Called when another head is in use. */
  readonly changed: () => Promise<void>;
}

/** The images to teach on. */
export interface Teaching {
  /** Takes other images. */
  setImages(images: readonly Blob[]): void;
  /** Takes a head file into use. */
  useHead(file: File): Promise<void>;
  /** Stops a run, where there is one. */
  stop(): void;
  /** Shows whether there is a head to keep. */
  update(): void;
}

/** More thumbnails than this say nothing. */
const MOST_SHOWN = 12;

/** As src/ptame/fit/fit_rows.ts has it: fewer photographs say too little about the classes. */
const LEAST_PHOTOS = 20;

/** Sets up the controls. */
export function setUpTeaching({ classifier, changed }: TeachingHooks): Teaching {
  const [form, steps] = [element<HTMLFormElement>("teach"), element<HTMLInputElement>("steps")];
  const [progress, chart] = [element<HTMLProgressElement>("progress"), element("losses-chart")];
  const [save, load] = [element("save-head"), element<HTMLInputElement>("load-head")];
  let images: readonly Blob[] = [];
  let run: AbortController | undefined;
  let losses: number[] = [];

  const setRunning = (running: boolean) => {
    const controls = ["steps", "start", "load-head", "fit", "drop-head"];
    for (const id of controls) element<HTMLInputElement>(id).disabled = running;
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
  /** Runs one at a time; a stop by the person is no failure. */
  const runOne = async (act: (own: Classifier, signal: AbortSignal) => Promise<void>) => {
    const own = classifier();
    if (own === undefined || images.length === 0 || run !== undefined) return;
    run = new AbortController();
    setRunning(true);
    try {
      await act(own, run.signal);
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
  const teach = () =>
    runOne(async (own, signal) => {
      element("teach-state").textContent = "Preparing the graphs …";
      say(`Teaching: ${steps.value} steps on ${countOf(images.length)} …`);
      await own.teach({ images, steps: Number(steps.value), signal, onProgress: follow });
      element("teach-state").textContent = `${losses.length} steps done`;
      await changed();
      say(`Taught ${losses.length} steps: the right image shows what the head finds now.`);
      announce({ kind: "trained", losses });
    });
  const fit = () =>
    runOne(async (own, signal) => {
      say(`Making a head from ${countOf(images.length)} …`);
      await own.fit({
        photos: images,
        signal,
        onProgress: ({ done, total, secondsLeft }) => {
          [progress.max, progress.value] = [total, done];
          element("teach-state").textContent = `Image ${done} of ${total}, ${shownSeconds(secondsLeft)} left`;
        },
      });
      await changed();
      const record = (own.explainer("after") ?? own.explainer("before"))!.head.fit;
      element("teach-state").textContent = record === undefined
        ? ""
        : `${fitSentence(record)}. ${fitWarning(record) ?? ""}`;
      say("The head is made: maps of every class come from one pass now. Save it for the next time.");
      announce({ kind: "trained", losses: [] });
    });
  const useHead = async (file: File) => {
    const own = classifier();
    if (own === undefined) return;
    await own.useHead(file);
    await changed();
    say(
      `Using the head of ${file.name}${
        own.explainer("after") === undefined ? "" : " beside the one before"
      }.`,
    );
  };
  const loadHead = async () => {
    const file = load.files?.[0];
    load.value = "";
    if (file !== undefined) await useHead(file);
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(teach);
  });
  element("stop").addEventListener("click", () => {
    say("Stopping after this step …");
    run?.abort(new Error("Stopped"));
  });
  element("fit").addEventListener("click", () => attempt(fit));
  element("drop-head").addEventListener("click", () =>
    attempt(async () => {
      await classifier()?.dropHead();
      await changed();
      say("Back to the head that came first.");
    }));
  save.addEventListener("click", () => {
    const head = classifier()?.head;
    if (head !== undefined) download(head, "my_head.safetensors");
  });
  load.addEventListener("change", () => attempt(loadHead));

  return {
    useHead,
    setImages: (chosen) => {
      images = chosen;
      element("fit-need").textContent = chosen.length < LEAST_PHOTOS
        ? `At least ${LEAST_PHOTOS} are needed; a few hundred are good.`
        : "";
      element<HTMLButtonElement>("fit").disabled = chosen.length < LEAST_PHOTOS;
      element("tray-count").textContent = countOf(chosen.length);
      const tray = element("tray");
      for (const image of tray.querySelectorAll("img")) URL.revokeObjectURL(image.src);
      tray.replaceChildren(
        ...chosen.slice(0, MOST_SHOWN).map((each) => {
          const image = new Image();
          image.src = URL.createObjectURL(each);
          image.alt = each instanceof File ? each.name : "";
          image.decoding = "async";
          image.addEventListener("error", () => image.remove());
          return image;
        }),
      );
    },
    stop: () => run?.abort(new Error("Stopped")),
    update: () => {
      const own = classifier();
      save.hidden = own?.head === undefined;
      element("drop-head").hidden = own?.explainer("after") === undefined;
      element("teach").hidden = own?.foreign === true && own.head === undefined;
      element("fit-box").hidden = own?.foreign !== true;
    },
  };
}

function countOf(images: number): string {
  return images === 1 ? "1 image" : `${images} images`;
}
