/** What a newcomer could try next, judged by what has happened and what stands on the page. */
import { waitingOf, type Pocket } from "./model";

export type Next = "answer" | "reply" | "offer" | "ask" | "confirm" | "agreed" | "trouble" | "wait" | "free" | "start" | "letter" | "write";

export function nextOf(pocket: Pocket): Next {
  const { items } = pocket.story;
  const { mode } = pocket.providers.telegram;
  if (!pocket.phone) return pocket.mailbox?.letters.some((letter) => letter.one_click && !letter.mark) ? "letter" : "write";
  if (!pocket.phone.started) return "start";
  if (waitingOf(pocket).some((item) => item.rule === "provider") || (mode !== "ok" && waitingOf(pocket).length > 0)) return "wait";
  const said = pocket.phone.messages;
  const last = said.at(-1);
  const here = items.filter((item) => item.kind === "ours" && item.class === "conversational" && !item.waiting);
  if (last && !last.ours && here.length === 0) return "answer";
  const first = here[0];
  if (first && !items.some((item) => item.kind === "theirs" && item.at > first.at)) return "reply";
  if (!pocket.mailbox) return "free";
  const silence = items.some((item) => item.kind === "silence" && item.why === "never_asked" && item.purpose === "promotions");
  const asked = items.some((item) => item.what === "consent.request" && item.purpose === "promotions");
  const agreed = items.find((item) => item.what === "consent.confirm");
  const offered = agreed && items.some((item) => item.class === "marketing" && item.at > agreed.at);
  if (!silence && !asked) return "offer";
  if (!asked) return "ask";
  if (!agreed) return "confirm";
  if (!offered) return "agreed";
  return pocket.providers.telegram.asked > pocket.providers.telegram.took ? "free" : "trouble";
}
