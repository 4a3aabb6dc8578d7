/**
 * The chat with the server: what was said, what waits to be sent, and how far it was seen. Draws nothing.
 *
 * What the visitor says is written down under a name of its own until the server has it, so that several tabs never
 * overwrite each other, and is sent in order. The same name again changes nothing on the server, so twice is once.
 */
import { socket, wait } from "./socket";
import { store } from "./store";
import type { About, Answer, Chat, Kept, Line, Setup, Waiting } from "./types";

const TIMEOUT_MS = 20_000;
const TICK_MS = 5_000;
/** A socket that says nothing may be dead: so often an open chat looks for itself all the same. */
const LOOK_TICKS = 6;
const TYPING_MS = 3_000;
/** The key, the page or the site has no chat. */
const CLOSED = [401, 403, 404];

/** 24 letters by chance, as nobody can guess them. */
function drawn(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(18));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_");
}

export type Talk = ReturnType<typeof talk>;

/** ended: whoever spoke is somebody else now. */
export function talk(setup: Setup, changed: () => void, ended: () => void) {
  const local = store(() => localStorage);
  const place = `onevoice.chat.${setup.key.slice(-16)}`;
  const waiting = new Map<string, Waiting & { sent?: boolean }>();
  const lines: Line[] = [];
  const state = {
    lines,
    about: null as About | null,
    /** Ours are read by them as far as this line. */
    read: 0,
    typing: false as string | boolean,
    trouble: "" as "" | "offline" | "refused",
    /** There is more before the first line. */
    earlier: false,
    waiting: () => [...waiting.values()].sort((one, other) => one.at - other.at),
    unread(): number {
      const seen = current()?.shown ?? 0;
      return lines.filter(({ ours, n }) => ours && n > seen).length;
    },
  };
  /** Whose lines are held. */
  let secret: string | null = null;
  let loaded = false;
  let open = false;
  let told = { got: 0, shown: 0 };
  let lastAt = 0;

  const parse = <T>(name: string): T | null => {
    try {
      return JSON.parse(local.read(name) ?? "null") as T | null;
    } catch {
      return null;
    }
  };
  const last = (): number => lines[lines.length - 1]?.n ?? 0;
  const visible = (): boolean => document.visibilityState === "visible";

  /** The chat of whoever sits here now. Of somebody before them nothing is left. */
  function current(): Chat | null {
    let chat = parse<Chat>(place);
    if (chat) {
      const device = setup.device();
      if (chat.device !== device && chat.device) {
        forget();
        chat = null;
      } else if (chat.device !== device) {
        chat.device = device; // it may be kept since
        keep(chat);
      }
    }
    if ((chat?.secret ?? null) !== secret) {
      if (secret) {
        waiting.clear();
        ended();
      }
      secret = chat?.secret ?? null;
      lines.length = 0;
      Object.assign(state, { read: 0, typing: false, earlier: false });
      told = { got: 0, shown: 0 };
      loaded = refused = false;
      wire.hangUp();
    }
    return chat;
  }

  const keep = (chat: Chat): void => local.write(place, JSON.stringify(chat));

  function begin(): Chat {
    keep({ secret: drawn(), device: setup.device(), shown: 0 });
    return current()!;
  }

  function forget(): void {
    waiting.clear();
    for (const name of local.names()) if (name.startsWith(place)) local.write(name, null);
  }

  /** What waits, in whatever tab it was written. */
  function reread(): void {
    const names = new Set(local.names());
    for (const [id, one] of waiting) if (!names.has(`${place}:${id}`)) one.sent = true; // by another tab
    for (const name of names) {
      const one = name.startsWith(`${place}:`) && parse<Waiting>(name);
      if (one && (one.text || one.files) && !lines.some(({ id }) => id === one.id)) waiting.set(one.id, one);
    }
  }

  async function post(way: string, more: object): Promise<Answer> {
    let status = 0;
    let after = 0;
    let said: object = {};
    try {
      const answer = await fetch(`${setup.server}/v1/chat/${way}`, {
        method: "POST",
        body: JSON.stringify({ key: setup.key, ...more }),
        credentials: "omit",
        redirect: "error",
        keepalive: way !== "open", // a click that leaves the page stops nothing
        signal: AbortSignal.timeout?.(TIMEOUT_MS) ?? null, // Chromium before 103 has its own
      });
      status = answer.status;
      after = Number(answer.headers.get("Retry-After")) * 1000;
      said = (await answer.json()) as object;
    } catch {
      if (status === 200) status = 0; // it was cut off
    }
    if (CLOSED.includes(status)) state.trouble = "refused";
    else state.trouble = status && status < 500 ? "" : "offline";
    return { ...said, status, after };
  }

  function accept(found: Line[]): void {
    for (const line of found) {
      if (line.n === last() + 1 || (line.n > last() && !lines.length)) lines.push(line);
      else if (line.n > last()) void sync(); // something between was missed
      else if (line.n < lines[0]!.n) lines.unshift(line);
      else continue;
      if (line.ours) state.typing = false;
    }
    for (const { id } of lines) {
      if (id && waiting.delete(id)) local.write(`${place}:${id}`, null);
    }
  }

  let syncing = false;
  let resync = false;
  async function sync(): Promise<void> {
    resync = true;
    if (syncing) return;
    syncing = true;
    while (resync) {
      resync = false;
      const asked = current()?.secret;
      const answer = await post("open", asked ? { secret: asked, ...(loaded ? { after: last() } : {}) } : {});
      if (asked !== current()?.secret) resync = true;
      else if (answer.status === 200) take(answer, asked);
    }
    syncing = false;
    report();
    wire.connect();
    changed();
  }

  function take(answer: Answer, asked: string | undefined): void {
    const { lines: found = [], last: end = 0, shown = 0 } = answer;
    state.about = answer as About;
    state.read = answer.read ?? 0;
    if (!asked) return;
    if (!loaded) {
      told = { got: shown, shown };
      state.earlier = (found[0]?.n ?? 1) > 1;
      lines.length = 0;
    }
    loaded = true;
    const chat = current();
    if (chat && shown > chat.shown) keep({ ...chat, shown });
    for (const line of found) if (line.n > last()) lines.push(line);
    accept([]);
    if (found.length && last() < end) resync = true;
    if (failures) void drain();
  }

  // --- what the visitor says

  let busy = false;
  let again = false;
  let failures = 0;
  let later: ReturnType<typeof setTimeout> | undefined;

  /** How long to wait before the next try, or nothing where nothing waits. */
  async function send(): Promise<number | undefined> {
    let renewed = false;
    for (;;) {
      current();
      reread();
      const next = state.waiting().find(({ failed, sent }) => !failed && !sent);
      if (!next) return undefined;
      const chat = current() ?? begin();
      const answer = await post("say", {
        secret: chat.secret,
        id: next.id,
        text: next.text,
        files: next.files?.map(({ file }) => file),
        device: setup.device(),
        proof: setup.proof(),
        page: { url: location.href, title: document.title },
        language: setup.language,
      });
      if (current()?.secret !== chat.secret) continue; // somebody else sits here since: what waited is forgotten
      const { status, line } = answer;
      if (status === 200 && line) {
        failures = 0;
        refused = false;
        next.sent = true;
        local.write(`${place}:${next.id}`, null);
        if (loaded || line.n === 1) {
          loaded = true;
          accept([line]);
        } else void sync();
        wire.connect();
        changed();
      } else if (status === 409 && !renewed) {
        renewed = true;
        begin();
      } else if (status && status < 500 && status !== 429) {
        const all = CLOSED.includes(status) ? state.waiting() : [next];
        for (const one of all) {
          if (one.sent) continue;
          one.failed = true;
          local.write(`${place}:${one.id}`, JSON.stringify(one));
        }
        changed();
      } else {
        if (status !== 429) failures += 1;
        changed();
        return Math.max(answer.after || 0, wait(failures));
      }
    }
  }

  async function drain(): Promise<void> {
    again = true;
    if (busy) return;
    busy = true;
    clearTimeout(later);
    let pause: number | undefined;
    while (again && pause === undefined) {
      again = false;
      reread();
      if (waiting.size) {
        // Of several tabs one sends at a time; a secret is made by one.
        pause = await (navigator.locks ? navigator.locks.request(place, send) : send());
      }
    }
    busy = false;
    if (pause !== undefined) later = setTimeout(() => void drain(), pause);
  }

  // --- the socket

  let refused = false;
  const wire = socket(
    `${setup.server.replace(/^http/, "ws")}/v1/chat/socket`,
    () => ({ key: setup.key, secret, after: last() }),
    (said) => {
      state.trouble = "";
      if (said.line) accept([said.line]);
      if (said.typing !== undefined) hear(said.typing);
      state.read = said.read ?? state.read;
      report();
      changed();
    },
    (no) => {
      refused = no;
      hear(false); // whoever wrote may have stopped since
      changed();
    },
    () => !refused && !!current() && !!last(),
  );

  let quiet: ReturnType<typeof setTimeout> | undefined;
  function hear(typing: string | boolean): void {
    state.typing = typing;
    clearTimeout(quiet);
    if (!typing) return;
    quiet = setTimeout(() => {
      state.typing = false;
      changed();
    }, 4 * TYPING_MS);
  }

  /** Tell how far we have it, and how far it was shown. */
  function report(): void {
    const chat = current();
    const got = lines.filter(({ ours }) => ours).pop()?.n ?? 0;
    if (!chat || !got) return;
    const shown = open && visible() ? Math.max(got, chat.shown) : chat.shown;
    if (shown > chat.shown) keep({ ...chat, shown });
    if (got <= told.got && shown <= told.shown) return;
    const said = (told = { got, shown });
    if (!wire.send(said)) void post("shown", { secret: chat.secret, ...said }).then(({ status }) => status === 200 || (told = { got: 0, shown: 0 }));
  }

  let ticks = 0;
  setInterval(() => {
    ticks += 1;
    const missing = state.trouble === "offline" || (secret && !wire.live() && !state.trouble);
    if (open && visible() && (missing || ticks % LOOK_TICKS === 0)) void sync();
  }, TICK_MS);

  const wake = (): void => {
    failures = 0;
    if (current() || open) void sync();
    void drain();
  };
  addEventListener("online", () => {
    wire.hangUp(); // what it was connected by is gone
    wake();
  });
  addEventListener("offline", () => {
    state.trouble = "offline";
    changed();
  });
  addEventListener("pagehide", wire.hangUp); // a page with a socket cannot be gone back to at once
  addEventListener("pageshow", ({ persisted }) => persisted && wake());
  document.addEventListener("visibilitychange", () => visible() && wake());
  addEventListener("storage", ({ key }) => {
    if (key && !key.startsWith(place)) return;
    current();
    reread();
    if (secret && (!loaded || state.waiting().some(({ sent }) => sent))) void sync();
    void drain();
    changed();
  });

  let typedAt = 0;
  let idle: ReturnType<typeof setTimeout> | undefined;

  return {
    state,
    /** Goes on where a page before this one ended. */
    start(): void {
      reread();
      if (current()) void sync();
      void drain();
    },
    /** Whoever sits here may be another one since. */
    check(): void {
      current();
      changed();
    },
    forget(): void {
      forget();
      current();
      changed();
    },
    look(now: boolean): void {
      open = now;
      if (now) void sync();
      report();
    },
    say(text: string, files?: Kept[]): void {
      current();
      lastAt = Math.max(Date.now(), lastAt + 1);
      const one = { id: drawn(), at: lastAt, text, files };
      waiting.set(one.id, one);
      local.write(`${place}:${one.id}`, JSON.stringify(one));
      void drain();
      changed();
    },
    again(): void {
      for (const one of waiting.values()) {
        delete one.failed;
        if (!one.sent) local.write(`${place}:${one.id}`, JSON.stringify(one));
      }
      void drain();
      changed();
    },
    async earlier(): Promise<void> {
      const { status, lines: found = [] } = await post("open", { secret, before: lines[0]?.n });
      if (status !== 200) return changed();
      accept(found.reverse());
      state.earlier = found.length > 0 && lines[0]!.n > 1;
      changed();
    },
    typing(on: boolean): void {
      clearTimeout(idle);
      if (on) idle = setTimeout(() => this.typing(false), TYPING_MS + 2_000);
      if (on ? Date.now() - typedAt < TYPING_MS : !typedAt) return;
      typedAt = on ? Date.now() : 0;
      wire.send({ typing: on });
    },
    post,
    sync,
    setup,
    /** The secret of the chat, which begins where there is none. */
    holds: () => (current() ?? begin()).secret,
  };
}
