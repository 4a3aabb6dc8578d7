/**
 * The chat, a module of its own: the snippet loads it when the page rests, and says on its tag what it needs to know.
 * Nothing is asked of the server and nothing stored before somebody opens it, unless they have a chat already.
 */
import type { Client } from "../client";
import { panel } from "./panel";
import { store } from "./store";
import { talk } from "./talk";
import { speak } from "./words";

const tag = document.querySelector<HTMLScriptElement>("script[data-onevoice=chat]");
const api = (window as unknown as { onevoice?: Client & { chat: () => void } }).onevoice;

async function start(tag: HTMLScriptElement, api: Client & { chat: () => void }): Promise<void> {
  const { key = "", server = "", language: wanted } = tag.dataset;
  const [language, words] = await speak([wanted, document.documentElement.lang, navigator.language]);
  const talking = talk(
    { key, server, language, device: () => api.ids()?.anonymousId ?? null, proof: api.proof },
    () => shown.draw(),
    () => shown.clear(),
  );
  const shown = panel(talking, words, language, store(() => sessionStorage));
  const prove = (): void => {
    if (api.proof()) void import("./history").then(({ history }) => history(talking, language, shown.scroll, api));
  };
  // After these it may be somebody else who sits here.
  for (const name of ["logout", "identify", "consent"] as const) {
    const before = api[name] as (...all: unknown[]) => void;
    (api as Record<string, unknown>)[name] = (...all: unknown[]) => {
      before(...all);
      if (name === "logout") talking.forget();
      else talking.check();
      prove();
    };
  }
  api.chat = () => shown.show(true);
  talking.start();
  prove();
  if (tag.dataset["open"] !== undefined) shown.show(true);
  else shown.resume();
}

if (tag && api && "adoptedStyleSheets" in document) void start(tag, api);
