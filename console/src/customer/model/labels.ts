/** How identifiers are written for people: grouped digits, short visitor ids, signs of their doors. */

import { channelOfKind, type Channel } from "~/channels";
import type { I18n } from "~/i18n";

import { deviceOf } from "../tell/read";
import type { EventRow } from "./types";

/** +48 601 233 412, +7 912 345-67-89 without dashes: groups as they are said in the country, threes elsewhere. */
export function phoneText(value: string): string {
  const match = /^\+(7|1|48|44|49|380|375|420|\d{2})(\d{5,12})$/.exec(value);
  if (!match) return value;
  const [, code = "", rest = ""] = match;
  const groups = code === "7" && rest.length === 10 ? /^(\d{3})(\d{3})(\d{2})(\d{2})$/ : /(\d{3})(?=\d)/g;
  const parts = code === "7" && rest.length === 10 ? rest.replace(groups, "$1 $2 $3 $4") : rest.replace(groups, "$1 ");
  return `+${code}\u00a0${parts.replaceAll(" ", "\u00a0")}`;
}

/** A visitor's or device's id in short: enough to tell two apart. */
export function shortId(value: string): string {
  if (value.length <= 12) return value;
  const bare = value.replace(/^[a-z]+[-_]/i, "");
  if (bare.length <= 12) return bare;
  return `${bare.slice(0, 4)}…${bare.slice(-4)}`;
}

export function identifierText(kind: string, value: string, device?: string | null): string {
  if (kind === "phone") return phoneText(value);
  if (kind === "loyalty_card" && /^\d{8,19}$/.test(value)) return value.replace(/(\d{4})(?=\d)/g, "$1\u00a0");
  if (kind === "apns" || kind === "fcm") return `${kind === "apns" ? "Apple" : "Google"}, ${shortId(value)}`;
  if (kind === "anonymous_id" || kind === "device") return device ? `${device}, ${shortId(value)}` : shortId(value);
  return value;
}

export function kindText(kind: string, { t, has }: Pick<I18n, "t" | "has">): string {
  if (kind.startsWith("external:")) return t("customer.kind.external", { source: kind.slice("external:".length) });
  const key = `customer.kind.${kind}`;
  return has(key) ? t(key) : kind;
}

/** The door whose sign stands before the identifier; null for an account, which has a sign of its own. */
export function doorOfKind(kind: string): Channel | null {
  return channelOfKind(kind);
}

/** What stands at the right of an event: by what the customer was known there. */
export function whereText(event: EventRow, i18n: Pick<I18n, "t" | "has">): string {
  const device = deviceOf(event.context);
  const { kind, value } = event.identifier ?? { kind: "", value: "" };
  if (kind === "loyalty_card") return i18n.t("customer.tell.card", { tail: value.slice(-4) });
  if (kind === "anonymous_id" || kind === "device") return device ?? shortId(value);
  if (device) return device;
  if (kind === "user_id") return i18n.t("customer.tell.account", { id: shortId(value) });
  return kind === "" ? "" : identifierText(kind, value);
}

/** The device that each visitor id was seen on, as far as the loaded events tell. */
export function devicesByNode(events: EventRow[]): Map<string, string> {
  const devices = new Map<string, string>();
  for (const event of events) {
    const shared = event.identifier?.kind === "anonymous_id" || event.identifier?.kind === "device";
    const device = shared ? deviceOf(event.context) : null;
    if (device) devices.set(event.node_id, device);
  }
  return devices;
}

export function initialsOf(name: string | null): string {
  const words = (name ?? "").trim().split(/\s+/).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? "")][0] ?? "");
  return letters.join("").toLocaleUpperCase();
}

