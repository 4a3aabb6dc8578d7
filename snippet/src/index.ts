/**
 * The file a page loads. Calls made before it arrived wait in an array:
 *
 *     <script>window.onevoice = window.onevoice || []; onevoice.push(["page"])</script>
 *     <script async src="https://onevoice.example.com/onevoice.js" data-key="ov_write_..."></script>
 *
 * With `data-chat` the page also has the chat, which is a file of its own.
 */
import { client, type Client } from "./client";

type Api = Client & { chat: () => void };
type Call = [keyof Api, ...unknown[]];

/** A file that did not come is tried again. */
const AGAIN_MS = 30_000;

const tag = document.currentScript as HTMLScriptElement | null;
const place = window as unknown as { onevoice?: Call[] | (Api & { push: (call: Call) => void }) };
const key = tag?.dataset["key"];

if (tag && key && (place.onevoice === undefined || Array.isArray(place.onevoice))) {
  const server = tag.dataset["server"] ?? new URL(tag.src).origin;
  let chat: HTMLScriptElement | null = null;
  const load = (open = false): void => {
    if (!chat) {
      chat = document.createElement("script");
      chat.type = "module";
      chat.nonce = tag.nonce;
      chat.src = new URL("onevoice-chat.js", tag.src).href; // it lies beside this one
      Object.assign(chat.dataset, { onevoice: "chat", key, server: server.replace(/\/+$/, ""), language: tag.dataset["language"] ?? "" });
      chat.onerror = () => {
        const wanted = chat?.dataset["open"] !== undefined;
        chat?.remove();
        chat = null;
        setTimeout(() => load(wanted), AGAIN_MS);
      };
      document.head.append(chat);
    }
    if (open) chat.dataset["open"] = "";
  };
  const made: Api = Object.assign(
    client({ writeKey: key, server, consent: tag.dataset["consent"] === "wait" ? "wait" : "given" }),
    { chat: () => load(true) },
  );
  const push = ([name, ...parts]: Call): void => {
    // A mistake in one call must not stop the page, nor the calls after it.
    try {
      (made[name] as (...all: unknown[]) => void)(...parts);
    } catch (error) {
      console.error("onevoice:", name, error);
    }
  };
  const before = place.onevoice ?? [];
  place.onevoice = Object.assign(made, { push });
  before.forEach(push);
  if (tag.dataset["page"] !== "off" && !before.some(([name]) => name === "page")) made.page();
  if (tag.dataset["chat"] !== undefined) {
    // A page that never rests has its chat all the same.
    const rest = (): unknown => ("requestIdleCallback" in window ? requestIdleCallback(() => load(), { timeout: 2_000 }) : setTimeout(() => load(), 0));
    if (document.readyState === "complete") rest();
    else addEventListener("load", rest);
  }
}
