/**
 * Templates of HTML, in which every text is escaped unless it is markup already; and bytes as data URLs. The escaping is
 * Hono's.
 *
 * @module
 */
import { uint8ArrayToBase64 } from "uint8array-extras";
import { html, raw } from "hono/html";

/** HTML that a template inserts unchanged. */
export type Markup = ReturnType<typeof raw>;

/**
 * A piece of HTML: texts and numbers between the literal parts are escaped, pieces of {@linkcode Markup} are not. Lists
 * are joined; `null` and `undefined` give nothing.
 *
 * Not called `html`: the formatter would lay out the templates anew, and blanks count in HTML.
 */
export function markup(parts: TemplateStringsArray, ...values: readonly unknown[]): Markup {
  // A promise only if one of the values is a promise.
  return html(parts, ...values) as Markup;
}

/** HTML that was not made by a template: a stylesheet of our own, an SVG element of a plot. */
export function asMarkup(trusted: string): Markup {
  return raw(trusted);
}

/** Joins pieces, one per line. */
export function lines(pieces: readonly Markup[]): Markup {
  return raw(pieces.join("\n"));
}

/** A text in which no line ends before a percent sign. */
export function unbrokenPercents(text: string): Markup {
  return raw(markup`${text}`.replaceAll(" %", "&nbsp;%"));
}

/** A PNG file as a URL that needs no network. */
export function pngUrl(bytes: Uint8Array): string {
  return `data:image/png;base64,${uint8ArrayToBase64(bytes)}`;
}

/**
 * A page of one file, from its first line to its body.
 *
 * @param options `policy` is its Content-Security-Policy, `style` its stylesheet.
 */
export function pageStart(
  { title, policy, style }: { readonly title: string; readonly policy: string; readonly style: string },
): Markup {
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${asMarkup(policy)}">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${asMarkup(style)}</style>
</head>
<body>`;
}
