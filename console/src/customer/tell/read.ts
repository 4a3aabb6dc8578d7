/** Careful reading of what clients send: any property may be missing or of another type than promised. */

import type { Bag, EventRow, Json } from "../model/types";

export function bag(value: Json | undefined): Bag {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

/** The first of the named properties that is a filled text or a number, as text. */
export function textOf(from: Bag, ...names: string[]): string | null {
  for (const name of names) {
    const value = from[name];
    if (typeof value === "string" && value.trim() !== "") return value.trim();
    if (typeof value === "number" && Number.isFinite(value)) return String(value);
  }
  return null;
}

/** The first of the named properties that is a number, also when it was sent as text. */
export function numberOf(from: Bag, ...names: string[]): number | null {
  for (const name of names) {
    const value = from[name];
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (typeof value === "string" && /^-?\d+([.,]\d+)?$/.test(value.trim())) return Number(value.replace(",", "."));
  }
  return null;
}

export function listOf(from: Bag, name: string): Bag[] {
  const value = from[name];
  return Array.isArray(value) ? value.map(bag).filter((one) => Object.keys(one).length > 0) : [];
}

export function scalars(from: Bag): [string, string | number | boolean][] {
  return Object.entries(from).filter((pair): pair is [string, string | number | boolean] => {
    const value = pair[1];
    return typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)) || (typeof value === "string" && value.trim() !== "");
  });
}

/** The key that names an event in the catalogue: "Order Completed" → "order_completed". */
export function eventKey(event: Pick<EventRow, "type" | "event">): string {
  if (event.type !== "track" || !event.event) return event.type;
  return event.event.trim().toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, "");
}

const WE_ACTED = new Set([
  "message_sent", "message_delivered", "message_bounced", "message_failed", "email_sent", "email_delivered", "email_bounced", "sms_sent", "sms_delivered", "push_notification_sent",
  "push_notification_received", "order_shipped", "order_delivered", "order_refunded", "card_issued", "coupon_denied", "chat_code_shown",
  "promotion_viewed", "code_shown", "receipt_sent",
]);

/** True when the event is our doing, not the customer's: it is drawn as a ring. */
export function weActed(event: Pick<EventRow, "type" | "event">): boolean {
  return event.type === "track" && WE_ACTED.has(eventKey(event));
}

const PAIRS: [RegExp, string][] = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Macintosh|Mac OS X/, "Mac"],
  [/Windows/, "Windows"],
  [/CrOS/, "Chromebook"],
  [/Linux/, "Linux"],
];

/** What the customer held: a model when the client says so, else the family that the browser names. */
export function deviceOf(context: Bag): string | null {
  const device = bag(context["device"]);
  const named = textOf(device, "name", "model");
  if (named) return named;
  const agent = textOf(context, "userAgent", "user_agent");
  return (agent && PAIRS.find(([pattern]) => pattern.test(agent))?.[1]) ?? null;
}

/** The language of the quoted words, for reading aloud and for the right quotation marks; null when it is not told. */
export function languageOf(event: EventRow, text: string, speaks: string | null): string | null {
  const told = textOf(event.properties, "language", "locale", "language_code") ?? textOf(event.context, "locale");
  if (told) return told.slice(0, 2).toLowerCase();
  if (/[а-яё]/i.test(text)) return "ru";
  if (/[ąćęłńśźż]/i.test(text)) return "pl";
  return speaks;
}

const MARKS: Record<string, [string, string]> = { pl: ["„", "”"], ru: ["«", "»"], uk: ["«", "»"], de: ["„", "“"], fr: ["« ", " »"] };

export function quoted(text: string, language: string | null): string {
  const [open, close] = MARKS[language ?? ""] ?? ["“", "”"];
  return `${open}${text}${close}`;
}

export function hostOf(address: string | null): string | null {
  if (!address) return null;
  try {
    return new URL(address).hostname.replace(/^www\./, "") || null;
  } catch {
    return null;
  }
}
