/**
 * `devices`: lists what networks can run on here, and why the rest is missing.
 *
 * @module
 */
import { type DeviceFacts, listDevices } from "../runtime/mod.ts";
import { command } from "./options/command.ts";
import { JSON_OPTION } from "./output_options.ts";
import { printable, table } from "./terminal.ts";

/** Runs `devices` and gives its exit code. */
export const devicesCommand = command({
  name: "devices",
  about: "List the devices that networks can run on here, and why others are missing",
  options: JSON_OPTION,
  notes: [
    "auto takes WebGPU on a hardware adapter if it passes a comparison with wasm on the first use of a network, else native, " +
    "else wasm. Execution providers of the native runtime are passed on by name; none but the CPU's was tried by the makers.",
  ],
  examples: ["deno task devices", "deno task explain --device cuda photo.jpg"],
}, async ({ options }) => {
  const devices = await listDevices();
  console.log(options.json ? JSON.stringify(devices, null, 2) : deviceTable(devices));
  return 0;
});

function deviceTable(devices: readonly DeviceFacts[]): string {
  return table(
    devices.map(({ name, here, auto, about }) => [
      name,
      here ? (auto ? "here, auto" : "here") : "-",
      printable(about),
    ]),
  );
}
