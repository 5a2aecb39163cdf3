/**
 * Where the classifier runs: shown, and to be chosen. How far loading is.
 *
 * @module
 */
import { findAdapter } from "@ptame/ptame/worker";
import { element } from "./dom.ts";
import type { DeviceChoice } from "./engine.ts";
import type { LoadProgress } from "./stored_files.ts";

/** Fills the menu of devices with what is there. */
export async function showDevices(
  chosen: string,
  choose: (device: DeviceChoice) => void,
): Promise<void> {
  const menu = element<HTMLSelectElement>("device");
  menu.value = chosen;
  menu.addEventListener("change", () => choose(menu.value as DeviceChoice));
  const adapter = await findAdapter();
  const option = menu.querySelector<HTMLOptionElement>("[value=webgpu]")!;
  option.disabled = adapter === undefined;
  option.textContent = adapter === undefined
    ? "WebGPU (not here)"
    : adapter.software
    ? "WebGPU (software, slow)"
    : "WebGPU";
}

/** Says what runs. */
export function showRuntime(device: string, threads: number): void {
  const how = device !== "wasm" ? "" : threads === 1 ? ", 1 thread" : `, ${threads} threads`;
  // The service worker makes the next visit isolated; see service_worker.ts.
  const more = device !== "wasm" || crossOriginIsolated
    ? ""
    : "serviceWorker" in navigator
    ? "; reload the page for more threads"
    : "; more threads need a cross-origin isolated page";
  element("runs").textContent = `Runs on ${device}${how}${more}.`;
}

/** Shows how far loading is; `undefined` when it is over. */
export function showLoading(progress: LoadProgress | undefined): void {
  const box = element("loading");
  box.hidden = progress === undefined;
  if (progress === undefined) return;
  const { loaded, total, downloading, trouble } = progress;
  const bar = element<HTMLProgressElement>("loading-bar");
  bar.max = total;
  bar.value = loaded;
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
  element("loading-text").textContent = trouble !== ""
    ? `Trying again: ${trouble}`
    : loaded === total
    ? "Starting the classifier …"
    : total === 1
    ? "Loading …"
    : `${downloading ? "Downloading" : "Loading"} ${megabytes(loaded)} of ${megabytes(total)} MB`;
}
