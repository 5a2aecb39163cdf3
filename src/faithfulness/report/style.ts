/**
 * The style sheet of a report: light or dark by the reader's system, from phone to wide screen, and for print.
 *
 * @module
 */
import { COLOURS, GREYS } from "./palette.ts";

function properties(side: 0 | 1): string {
  return [
    ...COLOURS.map((pair, i) => `--colour-${i}: ${pair[side]};`),
    ...GREYS.map((pair, i) => `--grey-${i}: ${pair[side]};`),
  ].join(" ");
}

/** The style sheet. */
export const STYLE: string = `
:root { color-scheme: light dark; --paper: #fdfdfb; --ink: #1d2127; --soft: #565e69; --line: #dcdcd6; --panel: #f4f4f0;
  --warn: #9a3412; ${properties(0)} }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15171b; --ink: #e7e9ec; --soft: #a5adb8; --line: #343941; --panel: #1d2026; --warn: #fdba74;
    ${properties(1)} }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 64px; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 4px; }
h2 { font-size: 1.25rem; margin: 44px 0 8px; padding-top: 14px; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0 0 6px; }
p { margin: 0 0 10px; max-width: 75ch; }
.lead, .note { color: var(--soft); }
.verdicts { padding: 0; margin: 14px 0 18px; list-style: none; }
.verdicts li { padding: 10px 14px; margin: 0 0 8px; border-left: 4px solid var(--colour-2); background: var(--panel); max-width: 90ch; }
.verdicts li.partly { border-color: var(--soft); }
.verdicts li.fails { border-color: var(--warn); }
/* Shadows at the sides say that there is more to scroll to. */
.wide { overflow-x: auto; margin: 10px 0; background:
  linear-gradient(to right, var(--paper) 30%, transparent) left / 40px 100% no-repeat local,
  linear-gradient(to left, var(--paper) 30%, transparent) right / 40px 100% no-repeat local,
  linear-gradient(to right, rgb(0 0 0 / .25), transparent) left / 12px 100% no-repeat scroll,
  linear-gradient(to left, rgb(0 0 0 / .25), transparent) right / 12px 100% no-repeat scroll; }
.wide:focus-visible { outline: 2px solid var(--colour-1); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; min-width: 100%; }
th, td { padding: 6px 10px 6px 0; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { font-weight: 600; vertical-align: bottom; white-space: normal; line-height: 1.25; }
tbody th { font-weight: 600; position: sticky; left: 0; background: var(--paper); padding-right: 14px; }
td small, th small { color: var(--soft); font-weight: 400; display: block; font-size: .78rem; line-height: 1.2; }
td strong { text-decoration: underline; text-underline-offset: 3px; }
abbr { text-decoration: none; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: 8px 0 14px; list-style: none; font-size: .92rem; }
.legend svg { vertical-align: -2px; margin-right: 6px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 340px), 1fr)); gap: 22px 26px; align-items: start; }
figure { margin: 0; min-width: 0; }
.charts figure.broad { grid-column: 1 / -1; max-width: 700px; }
.charts figcaption { color: var(--soft); font-size: .88rem; }
.charts svg { width: 100%; max-width: 420px; height: auto; overflow: visible; }
.charts .broad svg { max-width: 700px; }
.row { margin: 0 0 26px; }
.row .file { color: var(--soft); font-weight: 400; font-size: .85rem; overflow-wrap: anywhere; }
.maps { display: flex; flex-wrap: wrap; gap: 10px; }
.maps figure { flex: 1 1 150px; max-width: 224px; }
.maps figcaption { font-size: .85rem; color: var(--soft); }
.photo { position: relative; aspect-ratio: 1; background-size: 100% 100%; border-radius: 4px; overflow: hidden; }
.calm::before { content: ""; position: absolute; inset: 0; background: inherit; filter: grayscale(1); }
.photo img { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
.scale { display: flex; align-items: center; gap: 8px; font-size: .85rem; color: var(--soft); margin: 0 0 14px; }
.scale i { display: block; width: 180px; height: 12px; border-radius: 2px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; margin: 0 0 14px; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 4px; padding: 12px 14px; overflow-x: auto;
  white-space: pre-wrap; overflow-wrap: anywhere; font: .88rem/1.45 ui-monospace, SFMono-Regular, Consolas, "DejaVu Sans Mono", monospace; }
.meanings { font-size: .92rem; max-width: 95ch; }
.meanings dt { white-space: nowrap; color: var(--ink); font-weight: 600; }
@media (max-width: 480px) {
  main { padding: 16px 14px 48px; }
  .maps { gap: 8px; }
  .maps figure { flex: 0 0 calc((100% - 16px) / 3); }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin: 0 0 8px; }
}
@media print { .row, figure { break-inside: avoid; } .photo { print-color-adjust: exact; } }
`;
