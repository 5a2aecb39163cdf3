/**
 * The connections of a listener: at most so many, and fairly shared. If one too many arrives, the client that has most
 * loses the one that has waited longest without a complete request; a client that answers quickly loses nothing.
 *
 * @module
 */

/** A connection as this module sees it. */
export interface Connection {
  /** Its client's key. */
  readonly client: string;
  /** Ends it. */
  end(): void;
}

/** What is kept about a connection. */
interface Entry {
  /** When it last began to wait for a request; `undefined` while a complete one is answered. */
  waitsSince: number | undefined;
}

/** The open connections. */
export interface Connections {
  /** Number of open connections. */
  readonly size: number;
  /**
   * Adds a new connection. If there are too many, another one is ended, or the new one.
   *
   * @returns Whether it may stay.
   */
  add(connection: Connection): boolean;
  /** Says whether a connection waits for a request, or one of its own is being answered. */
  setWaiting(connection: Connection, waits: boolean): void;
  /** Forgets a connection that has ended. */
  remove(connection: Connection): void;
  /** Ends all of them. */
  endAll(): void;
}

/** Opens a list of at most `most` connections. */
export function createConnections(most: number): Connections {
  const entries = new Map<Connection, Entry>();

  /** Among the waiting connections of the clients with most connections, the one that has waited longest. */
  function leastDeserving(): Connection | undefined {
    const counts = new Map<string, number>();
    for (const { client } of entries.keys()) counts.set(client, (counts.get(client) ?? 0) + 1);
    let found: Connection | undefined;
    for (const [connection, { waitsSince }] of entries) {
      if (waitsSince === undefined) continue;
      const more = found === undefined ? 1 : counts.get(connection.client)! - counts.get(found.client)!;
      // Entries are in the order of their arrival, not of their waiting.
      if (more > 0 || (more === 0 && waitsSince < entries.get(found!)!.waitsSince!)) found = connection;
    }
    return found;
  }

  const remove = (connection: Connection) => {
    entries.delete(connection);
  };
  return {
    get size() {
      return entries.size;
    },
    add: (connection) => {
      if (entries.size >= most) {
        const ended = leastDeserving();
        if (ended === undefined) return false;
        remove(ended);
        ended.end();
      }
      entries.set(connection, { waitsSince: performance.now() });
      return true;
    },
    setWaiting: (connection, waits) => {
      const entry = entries.get(connection);
      if (entry !== undefined) entry.waitsSince = waits ? performance.now() : undefined;
    },
    remove,
    endAll: () => {
      for (const connection of entries.keys()) connection.end();
      entries.clear();
    },
  };
}

/**
 * Descriptors that are not for connections: modules, weights, workers, the runtime, fetched images, and a backlog of new
 * connections that the system hands over at once, before one too many can be ended.
 */
const OWN_DESCRIPTORS = 128;
const MOST_CONNECTIONS = 512;

/**
 * How many connections the process can hold: below the number of files that it may open, 512 at most.
 *
 * @param limits The text of Linux's /proc/self/limits; `undefined` elsewhere.
 */
export function usualConnections(limits: string | undefined): number {
  const descriptors = Number(/^Max open files\s+(\d+)/m.exec(limits ?? "")?.[1] ?? Infinity);
  return Math.max(8, Math.min(MOST_CONNECTIONS, descriptors - OWN_DESCRIPTORS));
}
