/**
 * Projects of people who put the npm package into a page: what they write, how they build it, and how it is served.
 *
 * No project has a configuration of its bundler.
 *
 * @module
 */
import { serveFolder } from "../../tools/serve_example.ts";
import { run } from "./packed.ts";

/** What the page's program leaves for the test; the same in each project. */
const EXPLAIN = `
import { createExplainer } from "@ptame/ptame";

async function explain() {
  const explainer = await createExplainer({ device: "wasm" });
  const { prediction, targets } = await explainer.explain("photo.jpg");
  const [{ index, probability }] = prediction;
  return { index, probability, map: [...targets[0].map.values] };
}
const failed = (error) => ({ failed: String(error) });
`;

const RUN = `explain().catch(failed).then((said) => { globalThis.said = said; });`;

const PAGE = (script: string) =>
  `<!DOCTYPE html><title>A page</title><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;

const NEXT = {
  "app/layout.jsx": `export default function Layout({ children }) {
  return <html lang="en"><head><link rel="icon" href="data:," /></head><body>{children}</body></html>;
}`,
  "app/page.jsx": `"use client";
import { useEffect } from "react";
${EXPLAIN}
export default function Page() {
  useEffect(() => { ${RUN} }, []);
  return <p>A page</p>;
}`,
};

/** A server of a built page. */
export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** One kind of project. */
export interface Project {
  readonly name: string;
  /** Its packages, as npm names them. */
  readonly packages: readonly string[];
  /** Its files, by their paths; `public` says where the photo lies. */
  readonly files: Readonly<Record<string, string>>;
  /** The folder that is served as it is, "" for the project's own. */
  readonly public: string;
  /** Builds it. */
  build(folder: string): Promise<void>;
  /** Serves it. */
  serve(folder: string): Promise<Served>;
  /** The folder of what a page of it may load; its size is measured. */
  readonly output?: string;
}

const bin = (name: string) => `../node_modules/.bin/${name}`;

/** A port that is free now. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Starts a server of the project's own tool, and waits until it answers. */
async function serveWith(command: (port: string) => readonly string[], folder: string): Promise<Served> {
  const port = freePort();
  const [program, ...args] = command(`${port}`);
  const child = new Deno.Command(program!, {
    args,
    cwd: folder,
    env: { NO_COLOR: "1", NEXT_TELEMETRY_DISABLED: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const close = async () => {
    child.kill("SIGTERM");
    await child.status;
  };
  const url = `http://localhost:${port}/`;
  for (let tries = 0;; tries++) {
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok === true) return { url, close };
    if (tries === 300) {
      await close();
      throw new Error(`${program} does not serve ${url}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const vite = {
  packages: ["vite@8"],
  files: { "index.html": PAGE("/main.js"), "main.js": EXPLAIN + RUN },
  public: "public/",
};

const next = { packages: ["next@16", "react@19", "react-dom@19"], files: NEXT, public: "public/" };

/** The kinds of project. */
export const PROJECTS: readonly Project[] = [
  {
    ...vite,
    name: "vite",
    build: async (folder) => {
      await run([bin("vite"), "build"], folder);
    },
    serve: (folder) => serveWith((port) => [bin("vite"), "preview", "--port", port, "--strictPort"], folder),
    output: "dist",
  },
  {
    ...vite,
    name: "vite-dev",
    build: () => Promise.resolve(),
    serve: (folder) => serveWith((port) => [bin("vite"), "--port", port, "--strictPort"], folder),
  },
  {
    ...next,
    name: "next",
    build: async (folder) => {
      await run([bin("next"), "build"], folder);
    },
    serve: (folder) => serveWith((port) => [bin("next"), "start", "-p", port], folder),
    output: ".next/static",
  },
  {
    ...next,
    name: "next-webpack",
    build: async (folder) => {
      await run([bin("next"), "build", "--webpack"], folder);
    },
    serve: (folder) => serveWith((port) => [bin("next"), "start", "-p", port], folder),
    output: ".next/static",
  },
  {
    name: "esbuild",
    packages: ["esbuild@0.28"],
    files: { "index.html": PAGE("dist/main.js"), "main.js": EXPLAIN + RUN },
    public: "",
    // esbuild copies no files that are named by `new URL`: docs/bundlers.md says which.
    build: async (folder) => {
      const ptame = "../node_modules/@ptame/ptame";
      await run([
        bin("esbuild"),
        "main.js",
        `${ptame}/src/image/start_decode_worker.js`,
        ..."--bundle --format=esm --splitting --outdir=dist --entry-names=[name]".split(" "),
      ], folder);
      await run(["cp", "-r", `${ptame}/models`, "models"], folder);
      await run(["cp", "../node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm", "dist/"], folder);
    },
    serve: (folder) => {
      const server = serveFolder({ folder: new URL(`file://${folder}/`), isolated: false });
      return Promise.resolve({
        url: `http://localhost:${server.addr.port}/`,
        close: () => server.shutdown(),
      });
    },
  },
];
