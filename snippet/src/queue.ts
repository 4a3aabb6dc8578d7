/** Events that are not acknowledged yet. They live in IndexedDB, so that they outlive the page; where there is none, in memory. */

export interface Kept {
  n: number;
  body: string;
}

export interface Queue {
  /** Resolves when the event is safe, or as safe as this browser lets it be. */
  add(body: string): Promise<void>;
  /** The oldest, at most `count` and about `bytes` long together, but at least one. */
  peek(count: number, bytes: number): Promise<Kept[]>;
  drop(kept: Kept[]): Promise<void>;
  clear(): Promise<void>;
  /** What this page has added and nobody has acknowledged, without waiting for the database. */
  own(): Kept[];
}

const STORE = "events";
/** A browser that was offline for weeks must not fill the disk. */
const MOST = 5000;

function asked<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

function open(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "n", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });
}

export function queue(name: string): Queue {
  let opened: Promise<IDBDatabase> | null = null;
  /** By number, which is below zero where it is not, or not yet, in the database. */
  const mine = new Map<number, string>();
  const storing = new Set<number>();
  let last = 0;

  const database = () => {
    opened ??= open(name).then((db) => {
      // Deleted by "clear site data", or a newer page wants to change it: the next use opens it anew.
      db.onclose = db.onversionchange = () => {
        db.close();
        opened = null;
      };
      return db;
    });
    return opened;
  };
  const act = async <T>(mode: IDBTransactionMode, work: (store: IDBObjectStore) => Promise<T> | T): Promise<T> => {
    let transaction: IDBTransaction;
    try {
      transaction = (await database()).transaction(STORE, mode);
    } catch (error) {
      opened = null;
      throw error;
    }
    const finished = done(transaction);
    finished.catch(() => undefined);
    const result = await work(transaction.objectStore(STORE));
    await finished;
    return result;
  };

  return {
    async add(body) {
      const n = (last -= 1);
      mine.set(n, body);
      storing.add(n);
      try {
        const stored = await act("readwrite", async (store) => {
          const key = await asked(store.add({ body }));
          if ((await asked(store.count())) > MOST) {
            const oldest = await asked(store.openKeyCursor());
            if (oldest) store.delete(oldest.primaryKey);
          }
          return key as number;
        });
        if (mine.delete(n)) mine.set(stored, body);
      } catch {
        // Private windows of some browsers, a full disk: it stays in memory.
      }
      storing.delete(n);
    },

    async peek(count, bytes) {
      const found: Kept[] = [];
      let size = 0;
      const take = (n: number, body: string) => {
        size += body.length;
        if (found.length > 0 && (found.length >= count || size > bytes)) return false;
        found.push({ n, body });
        return true;
      };
      try {
        for (const { n, body } of await act("readonly", (store) => asked<Kept[]>(store.getAll(null, count)))) {
          if (!take(n, body)) return found;
        }
      } catch {
        // What is in memory is all there is.
      }
      for (const [n, body] of mine) if (n < 0 && !storing.has(n) && !take(n, body)) break;
      return found;
    },

    async drop(kept) {
      for (const { n } of kept) mine.delete(n);
      const stored = kept.filter(({ n }) => n > 0);
      if (stored.length > 0) {
        await act("readwrite", (store) => stored.forEach(({ n }) => store.delete(n))).catch(() => undefined);
      }
    },

    async clear() {
      mine.clear();
      (await opened?.catch(() => null))?.close();
      opened = null;
      try {
        indexedDB.deleteDatabase(name);
      } catch {
        // There is none.
      }
    },

    own: () => [...mine].map(([n, body]) => ({ n, body })),
  };
}
