/** What a newcomer could try next, judged by what has happened since the page was opened and what stands on it. */
import { providers, waitingOf, type Pocket } from "./model";

export type Next = "answer" | "reply" | "offer" | "ask" | "confirm" | "agreed" | "trouble" | "wait" | "again" | "free" | "start" | "letter" | "write";

/** Where the page lets one try it: the id of a place that holds a field or a button. */
export const placeOf: Record<Next, "pk-at-desk" | "pk-at-phone" | "pk-at-mailbox" | "pk-at-trouble" | null> = {
  answer: "pk-at-desk",
  reply: "pk-at-phone",
  offer: "pk-at-desk",
  ask: "pk-at-desk",
  confirm: "pk-at-mailbox",
  agreed: "pk-at-desk",
  trouble: "pk-at-trouble",
  wait: "pk-at-trouble",
  again: null,
  free: null,
  start: "pk-at-phone",
  letter: "pk-at-mailbox",
  write: "pk-at-desk",
};

/** What was seen to happen. The page shows the newest only, so it is kept. */
export type Seen = ReadonlySet<"answered" | "replied" | "silence" | "asked" | "agreed" | "offered" | "refused">;

export function seenOf(pocket: Pocket, before: Seen): Seen {
  const { items } = pocket.story;
  const seen = new Set(before);
  const begun = Date.parse(pocket.since);
  const answer = items.find((item) => item.kind === "ours" && item.class === "conversational" && !item.waiting && Date.parse(item.at) > begun);
  const agreed = items.find((item) => item.what === "consent.confirm" && item.purpose === "promotions");
  if (answer) seen.add("answered");
  if (answer && items.some((item) => item.kind === "theirs" && (item.n ?? 0) > (answer.n ?? 0))) seen.add("replied");
  if (items.some((item) => item.kind === "silence" && item.why === "never_asked")) seen.add("silence");
  if (items.some((item) => item.what === "consent.request")) seen.add("asked");
  if (agreed) seen.add("agreed");
  if (agreed && items.some((item) => item.class === "marketing" && item.at > agreed.at)) seen.add("offered");
  if (items.some((item) => item.rule === "provider")) seen.add("refused");
  return seen.size === before.size ? before : seen;
}

export function nextOf(pocket: Pocket, seen: Seen): Next {
  const { phone, mailbox } = pocket;
  if (!phone) return mailbox?.letters.some((letter) => letter.one_click && !letter.mark) ? "letter" : "write";
  if (!phone.started) return "start";
  const refused = waitingOf(pocket).filter((item) => item.rule === "provider");
  if (refused.length > 0) return providers.some((each) => pocket.providers[each].mode !== "ok" && refused.some(({ door }) => door === each)) ? "wait" : "again";
  if (!seen.has("answered")) return phone.messages.at(-1)?.ours === false ? "answer" : "free";
  if (!seen.has("replied") && !seen.has("silence")) return "reply";
  if (!mailbox) return "free";
  if (!seen.has("asked")) return seen.has("silence") ? "ask" : "offer";
  if (!seen.has("agreed")) return "confirm";
  if (!seen.has("offered")) return "agreed";
  return seen.has("refused") ? "free" : "trouble";
}
