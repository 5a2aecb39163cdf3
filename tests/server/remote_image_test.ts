import { assertEquals, assertRejects } from "@std/assert";
import { HttpError } from "../../src/server/errors.ts";
import { fetchImage, type RemoteImages } from "../../src/server/remote_image.ts";

const SIGNAL = new AbortController().signal;
const PICTURE = Uint8Array.of(1, 2, 3);

/** A small internet: names with addresses, URLs with answers. Nothing leaves the process. */
function internet(answers: Record<string, Response | (() => Promise<Response>)>) {
  const names: Record<string, string[]> = {
    "pictures.example": ["93.184.215.14", "2606:2800::1"],
    "cdn.example": ["8.8.4.4"],
    "inside.example": ["192.168.1.7"],
    "both.example": ["93.184.215.14", "127.0.0.1"],
    "six.example": ["::ffff:169.254.169.254"],
  };
  const asked: string[] = [];
  const remote = {
    resolve: (host: string) =>
      names[host] === undefined ? Promise.reject(new Error()) : Promise.resolve(names[host]),
    fetch: (url: URL, init: RequestInit) => {
      assertEquals(init.redirect, "manual");
      asked.push(url.href);
      const answer = answers[url.href];
      if (answer === undefined) return Promise.reject(new TypeError("connection refused"));
      return typeof answer === "function" ? answer() : Promise.resolve(answer);
    },
  } satisfies RemoteImages;
  return { remote, asked };
}

const redirect = (location: string) => new Response(null, { status: 302, headers: { location } });

function refusal(address: string, remote: RemoteImages, maxBytes = 100): Promise<[number, string, string]> {
  return assertRejects(() => fetchImage(address, remote, { maxBytes, signal: SIGNAL }), HttpError)
    .then(({ status, code, message }) => [status, code, message]);
}

Deno.test("fetchImage() fetches a picture, over redirects to other public hosts too", async () => {
  const { remote, asked } = internet({
    "https://pictures.example/a": redirect("/b"),
    "https://pictures.example/b": redirect("https://cdn.example/c"),
    "https://cdn.example/c": new Response(PICTURE),
  });
  const bytes = await fetchImage("https://pictures.example/a", remote, { maxBytes: 3, signal: SIGNAL });
  assertEquals(bytes, PICTURE);
  assertEquals(asked.length, 3);
});

Deno.test("fetchImage() asks for nothing at addresses that are not public, by whatever name", async () => {
  const { remote, asked } = internet({});
  for (
    const url of [
      "http://pictures.example/a",
      "file:///etc/passwd",
      "data:image/png;base64,AA",
      "https://user:password@pictures.example/",
      "https://pictures.example:8443/",
      "https://127.0.0.1/",
      "https://2130706433/",
      "https://0x7f.1/",
      "https://[::1]/",
      "https://[::ffff:127.0.0.1]/",
      "https://169.254.169.254/latest/meta-data",
      "https://localhost/",
      "https://localhost./",
      "https://printer.local/",
      "https://metadata.google.internal/",
      "https://router/",
      "https://inside.example/",
      "https://both.example/",
      "https://six.example/",
    ]
  ) assertEquals((await refusal(url, remote)).slice(0, 2), [403, "url_not_allowed"], url);
  assertEquals(asked, []);
});

Deno.test("fetchImage() follows no redirect to an address that is not public", async () => {
  for (
    const target of ["https://127.0.0.1/", "http://pictures.example/", "https://inside.example/", "//[::1]/"]
  ) {
    const { remote, asked } = internet({ "https://pictures.example/a": redirect(target) });
    assertEquals((await refusal("https://pictures.example/a", remote))[1], "url_not_allowed", target);
    assertEquals(asked, ["https://pictures.example/a"]);
  }
});

Deno.test("fetchImage() keeps to a list of hosts, over redirects too", async () => {
  const { remote, asked } = internet({ "https://pictures.example/a": redirect("https://cdn.example/c") });
  const listed = { fetch: remote.fetch, hosts: ["pictures.example"] };
  assertEquals((await refusal("https://cdn.example/c", listed))[1], "url_not_allowed");
  assertEquals((await refusal("https://pictures.example/a", listed))[1], "url_not_allowed");
  assertEquals(asked, ["https://pictures.example/a"]);
});

Deno.test("fetchImage() says what is wrong with an answer and no more", async () => {
  const endless = () =>
    Promise.resolve(
      new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(40)) })),
    );
  const { remote } = internet({
    "https://pictures.example/gone": new Response("secret words", { status: 404 }),
    "https://pictures.example/endless": endless,
    "https://pictures.example/long": new Response(new Uint8Array(10), {
      headers: { "content-length": "101" },
    }),
    "https://pictures.example/round": () => Promise.resolve(redirect("/round")),
  });
  const say = async (path: string) => (await refusal(`https://pictures.example/${path}`, remote)).slice(0, 2);
  assertEquals(await say("gone"), [422, "url_unreachable"]);
  assertEquals(await say("refused"), [422, "url_unreachable"]);
  assertEquals(await say("endless"), [413, "body_too_large"]);
  assertEquals(await say("long"), [413, "body_too_large"]);
  assertEquals(await say("round"), [422, "url_unreachable"]);
  assertEquals((await refusal("https://nowhere.example/", remote))[1], "url_unreachable");
  assertEquals((await refusal("not a url", remote)).slice(0, 2), [400, "invalid_url"]);
});
