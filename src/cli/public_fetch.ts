/**
 * A `fetch` that connects only to public addresses, and only to exactly the address that it has checked.
 *
 * A name that is resolved again after the check may give another address. So the requests of this `fetch` go through a
 * tunnel inside this process (the CONNECT method of HTTP proxies). The tunnel resolves the name, checks every address
 * and connects to the first. The content is encrypted from end to end, and the certificate is checked against the name.
 * Deno's `fetch` has no other way to choose the address; neither has node:https in Deno 2.5.
 *
 * @module
 */
import { isGranted } from "../platform/permissions.ts";
import { publicAddresses } from "../server/remote_image.ts";
import type { RemoteImages } from "../server/remote_image.ts";

/** Replacements for the network, for tests. */
export interface PublicFetchOptions {
  /** Resolves all addresses of a host; with the system's name servers by default. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Connects to an address; port 443 by default. */
  readonly dial?: (address: string) => Promise<Deno.Conn>;
  /** Additional certificates to trust, as PEM. */
  readonly caCerts?: string[];
}

/** The parts of `RemoteImages`, and a function that closes the tunnel. */
export interface PublicFetch extends Required<Pick<RemoteImages, "resolve" | "fetch">> {
  /** Closes the tunnel; running requests fail. */
  close(): void;
}

/** Maximum length of a request for a tunnel, and time for it; requests come from this process. */
const MOST_HEAD_BYTES = 8192;
const DIAL_MILLISECONDS = 10_000;

/** IPv4 and IPv6 addresses of a host, from the name servers. */
async function resolveByDns(host: string): Promise<string[]> {
  const found = await Promise.all([
    Deno.resolveDns(host, "A").catch(() => []),
    Deno.resolveDns(host, "AAAA").catch(() => []),
  ]);
  return found.flat();
}

/** The head of a request, up to its empty line. */
async function readHead(connection: Deno.Conn): Promise<string> {
  let head = "";
  const decoder = new TextDecoder("latin1");
  const buffer = new Uint8Array(1024);
  while (!head.includes("\r\n\r\n")) {
    const count = await connection.read(buffer);
    if (count === null || head.length > MOST_HEAD_BYTES) throw new Error("Cannot tunnel: malformed request");
    head += decoder.decode(buffer.subarray(0, count));
  }
  return head;
}

/**
 * Makes a client while `NO_PROXY` is not set. Deno reads it when the client is made, and would connect to the hosts in it
 * without the tunnel, to an address that nobody checked.
 */
function withoutProxyExceptions<T>(make: () => T): T {
  const kept: [string, string][] = [];
  for (const name of ["NO_PROXY", "no_proxy"]) {
    // Without --allow-env, Deno cannot read it either.
    if (!isGranted({ name: "env", variable: name })) continue;
    const value = Deno.env.get(name);
    if (value === undefined) continue;
    kept.push([name, value]);
    Deno.env.delete(name);
  }
  try {
    return make();
  } finally {
    for (const [name, value] of kept) Deno.env.set(name, value);
  }
}

/** Opens the tunnel and gives the `fetch` that goes through it. */
export function openPublicFetch(options: PublicFetchOptions = {}): PublicFetch {
  const { resolve = resolveByDns, caCerts = [] } = options;
  const dial = options.dial ?? ((address: string) => Deno.connect({ hostname: address, port: 443 }));
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  // Other programs on this machine must not use the tunnel.
  const password = crypto.randomUUID();
  const credentials = `basic ${btoa(`ptame:${password}`)}`;
  const open = new Set<Deno.Conn>();

  async function tunnel(connection: Deno.Conn): Promise<void> {
    open.add(connection);
    const timer = setTimeout(() => close(connection), DIAL_MILLISECONDS);
    const answer = (line: string) =>
      connection.write(new TextEncoder().encode(`HTTP/1.1 ${line}\r\n\r\n`)).catch(() => 0);
    let remote: Deno.Conn | undefined;
    try {
      const head = await readHead(connection);
      const host = /^CONNECT (\S+):443 HTTP\/1/.exec(head)?.[1];
      const given = /^proxy-authorization: (.*)\r$/im.exec(head)?.[1]?.replace(/^basic/i, "basic");
      if (host === undefined || given !== credentials) return void await answer("403 Forbidden");
      const [address] = await publicAddresses(host, resolve);
      remote = await dial(address!);
      open.add(remote);
      clearTimeout(timer);
      await answer("200 OK");
      await Promise.allSettled([
        connection.readable.pipeTo(remote.writable),
        remote.readable.pipeTo(connection.writable),
      ]);
    } catch {
      await answer("502 Bad Gateway");
    } finally {
      clearTimeout(timer);
      for (const each of [connection, remote]) if (each !== undefined) close(each);
    }
  }

  function close(connection: Deno.Conn): void {
    open.delete(connection);
    try {
      connection.close();
    } catch {
      // Closed with its streams.
    }
  }

  async function accept(): Promise<void> {
    for await (const connection of listener) tunnel(connection).catch(() => {});
  }
  // Ends when the listener is closed.
  accept().catch(() => {});

  const url = `http://127.0.0.1:${(listener.addr as Deno.NetAddr).port}`;
  const client = withoutProxyExceptions(() =>
    Deno.createHttpClient({
      proxy: { url, basicAuth: { username: "ptame", password } },
      caCerts,
      // A kept connection would outlive the check of its address.
      poolMaxIdlePerHost: 0,
    })
  );
  return {
    resolve,
    fetch: (address, init) => fetch(address, { ...init, client } as RequestInit),
    close: () => {
      client.close();
      listener.close();
      for (const connection of [...open]) close(connection);
    },
  };
}
