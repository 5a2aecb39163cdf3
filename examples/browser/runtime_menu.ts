/**
 * Where the classifier runs: shown, and to be chosen.
 *
 * @module
 */
import { findAdapter } from "@ptame/ptame/worker";
import { element } from "./dom.ts";
import type { DeviceChoice } from "./engine.ts";

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
