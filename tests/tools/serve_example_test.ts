import { assertEquals } from "@std/assert";
import { serveFolder } from "../../tools/serve_example.ts";

async function served(isolated: boolean, path: string): Promise<[number, string | null, string | null]> {
  const root = await Deno.makeTempDir();
  await Deno.mkdir(`${root}/public`);
  await Deno.writeTextFile(`${root}/public/index.html`, "<p>Hello");
  await Deno.writeTextFile(`${root}/public/a.wasm`, "");
  await Deno.writeTextFile(`${root}/secret.txt`, "not for anyone");
  const server = serveFolder({ folder: new URL(`file://${root}/public/`), isolated });
  try {
    const response = await fetch(`http://127.0.0.1:${server.addr.port}${path}`);
    await response.arrayBuffer();
    const { headers } = response;
    return [response.status, headers.get("content-type"), headers.get("cross-origin-embedder-policy")];
  } finally {
    await server.shutdown();
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("serveFolder() isolates pages unless told otherwise", async () => {
  assertEquals(await served(true, "/"), [200, "text/html; charset=utf-8", "require-corp"]);
  assertEquals(await served(false, "/a.wasm"), [200, "application/wasm", null]);
});

Deno.test("serveFolder() hands out nothing outside its folder", async () => {
  for (
    const path of ["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/..%5csecret.txt", "/absent"]
  ) {
    assertEquals((await served(true, path))[0], 404, path);
  }
});
