/** Sends what the queue holds until it is acknowledged. The server drops repeats by message id, so that twice is once. */
import type { Kept, Queue } from "./queue";

const BATCH = 100;
/** Browsers let a page that ends keep 64 KiB of requests in flight. */
const KEEPALIVE_BYTES = 56_000;
const TIMEOUT_MS = 30_000;
const LONGEST_WAIT_MS = 60_000;
/** A key that was revoked may come back; there is no point in asking every second. */
const REFUSED_WAIT_MS = 600_000;

export interface Sender {
  /** Send soon; `now`: at once. */
  wake(now?: boolean): void;
  /** The page ends: send what is not on its way yet, and do not wait for the answer. */
  last(): void;
  stop(): void;
}

export function envelope(bodies: string[], writeKey: string): string {
  return `{"writeKey":${JSON.stringify(writeKey)},"sentAt":"${new Date().toISOString()}","batch":[${bodies.join(",")}]}`;
}

export function sender(queue: Queue, server: string, writeKey: string, chance: () => number = Math.random): Sender {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let dueAt = Infinity;
  let busy = false;
  let again = false;
  let stopped = false;
  let failures = 0;
  let single = false;
  const flying = new Set<number>();

  const post = (bodies: string[], signal: AbortSignal | null) => {
    const body = new TextEncoder().encode(envelope(bodies, writeKey));
    // text/plain asks no permission beforehand. The page's cookies are nobody's business.
    return fetch(`${server}/v1/batch`, {
      method: "POST",
      headers: { "Content-Type": "text/plain" },
      body,
      signal,
      keepalive: body.length < KEEPALIVE_BYTES + 4_000,
      credentials: "omit",
      redirect: "error",
    });
  };

  /** How long to wait before the next try, or nothing where the batch is done with. */
  const send = async (kept: Kept[]): Promise<number | undefined> => {
    const aborter = new AbortController();
    const limit = setTimeout(() => aborter.abort(), TIMEOUT_MS);
    let answer: Response | null = null;
    for (const { n } of kept) flying.add(n);
    try {
      answer = await post(
        kept.map(({ body }) => body),
        aborter.signal,
      );
      // An answer that is not read counts against the browser's allowance of keepalive requests for ever.
      await answer.text();
    } catch {
      // No network, no answer, or a page that is ending.
    } finally {
      clearTimeout(limit);
      flying.clear();
    }
    const status = answer?.status ?? 0;
    if (answer?.ok) {
      await queue.drop(kept);
      failures = 0;
      single = false;
      return undefined;
    }
    if (status === 400 || status === 413 || status === 422) {
      // Of several only one may be to blame; alone it is known.
      if (kept.length === 1) await queue.drop(kept);
      single = kept.length > 1;
      return undefined;
    }
    failures += 1;
    if (status === 401 || status === 403 || status === 404) return REFUSED_WAIT_MS;
    const after = Number(answer?.headers.get("Retry-After"));
    return Math.max(after > 0 ? after * 1000 : 0, Math.min(LONGEST_WAIT_MS, 500 * 2 ** failures) * (0.5 + chance() / 2));
  };

  const drain = async (): Promise<number | undefined> => {
    while (!stopped) {
      const kept = await queue.peek(single ? 1 : BATCH, KEEPALIVE_BYTES);
      if (kept.length === 0) return undefined;
      const wait = await send(kept);
      if (wait !== undefined) return wait;
    }
    return undefined;
  };

  const run = async () => {
    timer = undefined;
    dueAt = Infinity;
    if (busy || stopped) {
      again = true;
      return;
    }
    busy = true;
    again = false;
    let wait: number | undefined;
    try {
      // Of several tabs one sends at a time; what another one is sending is not sent twice for nothing.
      wait = navigator.locks
        ? await navigator.locks.request(`onevoice:${writeKey}`, { ifAvailable: true }, (lock) => (lock ? drain() : 1_000))
        : await drain();
    } catch {
      wait = 1_000;
    }
    busy = false;
    if (wait !== undefined) schedule(wait);
    else if (again) schedule(0);
  };

  const schedule = (ms: number) => {
    const at = Date.now() + ms;
    if (stopped || at >= dueAt) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(() => void run(), ms);
  };

  return {
    wake(now = false) {
      if (now) failures = 0;
      if (busy) again = true;
      // While the server is in trouble, more events are no reason to ask it sooner.
      else if (now || failures === 0) schedule(now ? 0 : 250);
    },
    last() {
      const bodies: string[] = [];
      let size = 0;
      for (const { n, body } of queue.own()) {
        if (flying.has(n)) continue;
        size += body.length;
        if (size > KEEPALIVE_BYTES) break;
        bodies.push(body);
      }
      if (bodies.length > 0) void post(bodies, null).catch(() => undefined);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
