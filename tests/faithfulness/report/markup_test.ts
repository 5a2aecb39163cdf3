import { assertEquals } from "@std/assert";
import {
  asMarkup,
  lines,
  markup,
  pngUrl,
  unbrokenPercents,
} from "../../../src/faithfulness/report/markup.ts";

Deno.test("markup escapes texts, takes markup as it is, and leaves out what is not there", () => {
  const hostile = `"><script>alert('&')</script>`;
  const escaped = "&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;";
  assertEquals(`${markup`<b title="${hostile}">${hostile}</b>`}`, `<b title="${escaped}">${escaped}</b>`);
  const items = ["a&b", markup`<i>${1}</i>`, undefined, null, [asMarkup("<svg/>")]];
  assertEquals(`${markup`<p>${items}</p>`}`, "<p>a&amp;b<i>1</i><svg/></p>");
  assertEquals(`${lines([markup`<br>`, markup`${"<"}`])}`, "<br>\n&lt;");
  assertEquals(`${unbrokenPercents("<5 % and 7 %")}`, "&lt;5&nbsp;% and 7&nbsp;%");
});

Deno.test("pngUrl() holds every byte, also of a large file", () => {
  const bytes = Uint8Array.from({ length: 70_001 }, (_, i) => i * i);
  const url = pngUrl(bytes);
  assertEquals(url.slice(0, 22), "data:image/png;base64,");
  assertEquals(Uint8Array.from(atob(url.slice(22)), (letter) => letter.charCodeAt(0)), bytes);
});
