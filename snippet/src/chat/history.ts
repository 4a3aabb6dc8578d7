/**
 * What whoever is logged in said elsewhere, above the chat: only where the shop's server has signed who that is, a page at
 * a time as it is scrolled to, and gone at once when they log out. Nothing of it is stored.
 */
import type { Client } from "../client";
import { linked, make } from "./dom";
import type { Talk } from "./talk";

interface Word {
  at: number;
  channel: string;
  ours: boolean;
  text: string;
}

const all: Record<string, { you: string; log: string; names: Record<string, string> }> = {
  en: { you: "You", log: "Your earlier messages", names: { email: "E-mail", sms: "SMS", chat: "Chat", phone: "Phone" } },
  pl: { you: "Ty", log: "Twoje wcześniejsze wiadomości", names: { email: "E-mail", sms: "SMS", chat: "Czat", phone: "Telefon" } },
  ru: { you: "Вы", log: "Ваши прежние сообщения", names: { email: "Почта", sms: "SMS", chat: "Чат", phone: "Телефон" } },
};

let made = false;

export function history(talk: Talk, language: string, scroll: HTMLElement, api: Client): void {
  if (made) return;
  made = true;
  const words = all[language]!;
  const when = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
  const edge = make("div");
  const log = make("div", { role: "group", "aria-label": words.log });
  log.append(edge);
  /** By which proof these stand here, and one that is worth nothing any more. */
  let proof: string | null = null;
  let ended: string | null = null;
  let before: unknown = null;
  let busy = false;
  edge.style.minHeight = "1px";
  scroll.prepend(log);

  const row = ({ at, channel, ours, text }: Word): HTMLElement =>
    make(
      "div",
      { class: ours ? "l" : "l me" },
      make("i"),
      make("b", {}, `${ours ? (talk.state.about?.brand ?? "") : words.you}, ${words.names[channel] ?? channel[0]!.toUpperCase() + channel.slice(1)}`),
      make("time", { datetime: new Date(at).toISOString() }, when.format(at)),
      make("p", { dir: "auto" }, ...linked(text)),
    );

  function clear(): void {
    log.replaceChildren(edge);
    proof = before = null;
    near.disconnect();
    const now = api.proof();
    if (now && now !== ended) near.observe(edge);
  }

  async function older(): Promise<void> {
    const asked = api.proof();
    if (busy || !asked || asked === ended) return;
    busy = true;
    const answer = await talk.post("history", { secret: talk.holds(), proof: asked, before });
    busy = false;
    if (api.proof() !== asked || asked === ended) return clear(); // somebody else sits here since
    near.disconnect();
    if (answer.status !== 200) return;
    proof = asked;
    const said = answer as unknown as { lines: Word[]; before: unknown };
    const below = scroll.scrollHeight - scroll.scrollTop;
    edge.after(...said.lines.map(row));
    scroll.scrollTop = scroll.scrollHeight - below;
    before = said.before;
    if (before) near.observe(edge);
  }

  const near = new IntersectionObserver((seen) => {
    if (seen.some(({ isIntersecting }) => isIntersecting)) void older();
  });
  for (const name of ["logout", "identify", "consent"] as const) {
    const then = api[name] as (...all: unknown[]) => void;
    (api as unknown as Record<string, unknown>)[name] = (...parts: unknown[]) => {
      then(...parts);
      if (api.proof() !== proof) clear();
    };
  }
  addEventListener("storage", ({ key, newValue }) => {
    // In another tab they have logged out.
    if (key !== null && key !== "onevoice.anonymous" && !(key.startsWith("onevoice.chat.") && !key.includes(":") && !newValue)) return;
    ended = api.proof();
    clear();
  });
  near.observe(edge);
}
