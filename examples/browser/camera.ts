/**
 * The camera: a live image with the classifier's map over it, frame after frame, and a shutter. Nothing is recorded.
 *
 * @module
 */
import type { RemoteExplanation, RemoteSeen } from "@ptame/ptame/worker";
import type { Classifier } from "./classifier.ts";
import { announce, attempt, element, percent, say } from "./dom.ts";
import { drawMap, placeOver } from "./heatmap.ts";

/** What the camera asks of the page. */
export interface CameraHooks {
  readonly classifier: () => Classifier | undefined;
  /** Takes the image that a person has taken. */
  readonly take: (image: File) => void;
}

/** Sets up the camera's dialog. */
export function setUpCamera({ classifier, take }: CameraHooks): void {
  const dialog = element<HTMLDialogElement>("camera");
  const [video, heat] = [element<HTMLVideoElement>("video"), element<HTMLCanvasElement>("live-heat")];
  const [seen, shutter] = [element("live-class"), element<HTMLButtonElement>("shutter")];

  const open = async () => {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Error("Cannot use the camera: this browser gives none to a page without https");
    }
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { width: 640, facingMode: "environment" },
      });
    } catch (error) {
      throw new Error(`Cannot use the camera: ${reasonOf(error)}`, { cause: error });
    }
    video.srcObject = stream;
    dialog.showModal();
    shutter.focus();
    try {
      await video.play();
      await follow();
    } finally {
      for (const track of stream.getTracks()) track.stop();
      video.srcObject = null;
    }
  };
  /** Explains frame after frame, one at a time, until the dialog closes. */
  const follow = async () => {
    while (dialog.open) {
      const own = classifier();
      if (own === undefined || video.videoWidth === 0) {
        await new Promise(requestAnimationFrame);
        continue;
      }
      const frame = await createImageBitmap(video);
      const explainer = own.explainer("after") ?? own.explainer("before");
      // Without a head, a map takes too long for a live image: its class is named alone.
      const found: RemoteExplanation | RemoteSeen = explainer === undefined
        ? await (await own.bare()).classify(frame)
        : await explainer.explain(frame);
      const [first] = found.prediction;
      if (dialog.open) {
        placeOver(heat, found.window, found.size);
        if ("targets" in found) drawMap(heat, found.targets[0]!.map);
        seen.textContent = `${first!.label} ${percent(first!.probability)}`;
        announce({ kind: "live", target: first! });
      }
      await found.dispose();
    }
  };
  const takeImage = async () => {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d")!.drawImage(video, 0, 0);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
    dialog.close();
    if (blob === null) throw new Error("Cannot take an image: the camera gives none yet");
    take(new File([blob], "camera.jpg", { type: blob.type }));
  };

  element("use-camera").addEventListener("click", () => {
    say("Waiting for the camera …");
    attempt(async () => {
      await open();
      if (element("status").textContent === "Waiting for the camera …") say("The camera is off again.");
    });
  });
  shutter.addEventListener("click", () => attempt(takeImage));
  element("close-camera").addEventListener("click", () => dialog.close());
}

function reasonOf(error: unknown): string {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError") return "it was not allowed";
  if (name === "NotFoundError") return "none is connected";
  if (name === "NotReadableError") return "another program uses it";
  return error instanceof Error ? error.message : String(error);
}
