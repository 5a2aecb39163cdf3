import { assertEquals, assertRejects } from "@std/assert";
import { openPublicFetch } from "../../src/cli/public_fetch.ts";
import { HttpError } from "../../src/server/errors.ts";
import { fetchImage } from "../../src/server/remote_image.ts";

const fixture = (name: string) =>
  Deno.readTextFileSync(new URL(`../fixtures/server/${name}`, import.meta.url));

const PUBLIC = "93.184.215.14";
const PICTURE = Uint8Array.of(1, 2, 3);

/** pictures.example on this machine: dialled under a public address, its name resolved by what the test says. */
async function withPictures(
  addresses: readonly (readonly string[])[],
  act: (
    open: (dialled: string[]) => ReturnType<typeof openPublicFetch>,
    seen: string[],
  ) => Promise<void>,
): Promise<void> {
  const seen: string[] = [];
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    cert: fixture("pictures.pem"),
    key: fixture("pictures_key.pem"),
  }, (request) => {
    const { hostname, pathname } = new URL(request.url);
    seen.push(hostname + pathname);
    return new Response(PICTURE);
  });
  let asked = 0;
  const open = (dialled: string[]) =>
    openPublicFetch({
      resolve: () => Promise.resolve(addresses[Math.min(asked++, addresses.length - 1)]!),
      dial: (address) => {
        dialled.push(address);
        return Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
      },
      caCerts: [fixture("authority.pem")],
    });
  try {
    await act(open, seen);
  } finally {
    await server.shutdown();
  }
}

const load = (remote: ReturnType<typeof openPublicFetch>, url = "https://pictures.example/cat.jpg") =>
  fetchImage(url, remote, { maxBytes: 100, signal: AbortSignal.timeout(5000) });

Deno.test("openPublicFetch() fetches over TLS from the address that it checked", async () => {
  await withPictures([[PUBLIC]], async (open, seen) => {
    const dialled: string[] = [];
    const remote = open(dialled);
    assertEquals(await load(remote), PICTURE);
    assertEquals([dialled, seen], [[PUBLIC], ["pictures.example/cat.jpg"]]);
    // The certificate is for another name.
    assertEquals((await assertRejects(() => load(remote, "https://other.example/"), HttpError)).status, 422);
    assertEquals(seen.length, 1);
    remote.close();
  });
});

Deno.test("openPublicFetch() dials nothing when the name resolves to this machine the second time", async () => {
  await withPictures([[PUBLIC], ["127.0.0.1"]], async (open, seen) => {
    const dialled: string[] = [];
    const remote = open(dialled);
    assertEquals((await assertRejects(() => load(remote), HttpError)).code, "url_unreachable");
    assertEquals([dialled, seen], [[], []]);
    remote.close();
  });
});

Deno.test("openPublicFetch() opens its tunnel to this process alone", async () => {
  await withPictures([[PUBLIC]], async (open) => {
    const listen = Deno.listen;
    let port = 0;
    Deno.listen = ((options: Deno.TcpListenOptions) => {
      const listener = listen(options);
      port = listener.addr.port;
      return listener;
    }) as typeof Deno.listen;
    const dialled: string[] = [];
    const remote = open(dialled);
    Deno.listen = listen;
    const stranger = await Deno.connect({ hostname: "127.0.0.1", port });
    await stranger.write(new TextEncoder().encode("CONNECT pictures.example:443 HTTP/1.1\r\n\r\n"));
    const buffer = new Uint8Array(100);
    const count = await stranger.read(buffer) ?? 0;
    assertEquals(new TextDecoder().decode(buffer.subarray(0, count)), "HTTP/1.1 403 Forbidden\r\n\r\n");
    assertEquals(dialled, []);
    stranger.close();
    remote.close();
  });
});

Deno.test("openPublicFetch() goes through its tunnel whatever NO_PROXY says, and leaves that as it was", async () => {
  for (const name of ["NO_PROXY", "no_proxy"]) {
    Deno.env.set(name, "*");
    try {
      await withPictures([[PUBLIC]], async (open, seen) => {
        const dialled: string[] = [];
        const remote = open(dialled);
        assertEquals(Deno.env.get(name), "*");
        assertEquals(await load(remote), PICTURE);
        assertEquals([dialled, seen], [[PUBLIC], ["pictures.example/cat.jpg"]]);
        remote.close();
      });
    } finally {
      Deno.env.delete(name);
    }
  }
});
