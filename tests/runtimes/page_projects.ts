/**
 * Projects of people who put the npm package into a page: what they write, how they build it, and how it is served.
 *
 * No project has a configuration of its bundler.
 *
 * @module
 */
import { freePort } from "../support/free_port.ts";
import { serveFolder } from "../../tools/serve_example.ts";
import { docBlocks } from "../support/doc_blocks.ts";
import { docCommands } from "../support/doc_commands.ts";
import { run } from "./packed.ts";

/** Leaves an explanation's numbers for the test. */
const LEAVE = `(({ prediction: [{ index, probability }], targets: [{ map }] }) => {
  globalThis.said = { index, probability, map: [...map.values] };
})`;

/** The program of docs/pages.md. */
const MAIN = `${docBlocks("pages.md", "js", 1)[0]}\n${LEAVE}(explanation);`;

// The third block, of a classifier of the user's own, is what tests/browser/own_classifier_test.ts does.
const [WORKER, WORKER_MAIN] = docBlocks("worker.md", "js", 3);

const PAGE = (script: string) =>
  `<!DOCTYPE html><title>A page</title><link rel="icon" href="data:,"><script type="module" src="${script}"></script>`;

/** Leaves the element's result for the test. */
const LEAVE_RESULT = `({ target: { index, probability }, map }) => {
  globalThis.said = { index, probability, map: [...map.values] };
}`;

const APP = `${PAGE("/main.jsx")}<div id="app"></div>`;

/** The components of docs/element.md. */
const REACT = {
  "index.html": APP,
  "worker.js": WORKER!,
  "explained.jsx": docBlocks("element.md", "jsx", 1)[0]!,
  "main.jsx": `import { createRoot } from "react-dom/client";
import { Explained } from "./explained.jsx";
createRoot(document.getElementById("app"))
  .render(<Explained src="photo.jpg" alt="A cat" onResult={${LEAVE_RESULT}} />);`,
};
const VUE = {
  "index.html": APP.replace("main.jsx", "main.js"),
  "worker.js": WORKER!,
  "explained.js": docBlocks("element.md", "js", 3)[2]!,
  "main.js": `import { createApp, h } from "vue";
import { Explained } from "./explained.js";
createApp(() => h(Explained, { src: "photo.jpg", alt: "A cat", onResult: ${LEAVE_RESULT} })).mount("#app");`,
};

const NEXT = {
  "app/layout.jsx": `export default function Layout({ children }) {
  return <html lang="en"><head><link rel="icon" href="data:," /></head><body>{children}</body></html>;
}`,
  "app/page.jsx": docBlocks("pages.md", "jsx", 1)[0]!.replace(
    "return await explainer.explain(image);",
    `const explanation = await explainer.explain(image);\n  ${LEAVE}(explanation);\n  return explanation;`,
  ),
};

/** The commands of docs/pages.md for esbuild. */
const ESBUILD = docCommands(
  docBlocks("pages.md", "sh", 1).map((block) => `\`\`\`sh\n${block}\`\`\``).join("\n"),
);

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
  files: { "index.html": PAGE("/main.js"), "main.js": MAIN },
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
    ...vite,
    name: "vite-worker",
    files: {
      "index.html": PAGE("/main.js"),
      "worker.js": WORKER!,
      "main.js": `${WORKER_MAIN}\n${LEAVE}(explanation);`,
    },
    build: async (folder) => {
      await run([bin("vite"), "build"], folder);
    },
    serve: (folder) => serveWith((port) => [bin("vite"), "preview", "--port", port, "--strictPort"], folder),
    output: "dist",
  },
  ...[
    { name: "vite-react", packages: ["vite@8", "react@19", "react-dom@19"], files: REACT },
    { name: "vite-vue", packages: ["vite@8", "vue@3"], files: VUE },
  ].map(({ name, packages, files }): Project => ({
    ...{ name, packages, files, public: "public/" },
    build: async (folder) => {
      await run([bin("vite"), "build"], folder);
    },
    serve: (folder) => serveWith((port) => [bin("vite"), "preview", "--port", port, "--strictPort"], folder),
    output: "dist",
  })),
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
    files: { "index.html": PAGE("dist/main.js"), "main.js": MAIN },
    public: "",
    build: async (folder) => {
      // The documentation's project has its packages in its own folder.
      await Deno.symlink("../node_modules", `${folder}/node_modules`);
      for (const [program, ...args] of ESBUILD) {
        await run(program === "npx" ? [bin(args[0]!), ...args.slice(1)] : [program!, ...args], folder);
      }
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
