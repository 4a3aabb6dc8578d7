/** How a row and the inspector speak of an event. */
import type { LiveEvent } from "~/api";
import { plainWords, tell, titleOf, type Told } from "~/customer/tell/tell";
import { weActed } from "~/customer/tell/read";
import { displayName, contactText } from "~/customers/words";
import type { KnotKind } from "~/channels";
import type { I18n } from "~/i18n";

export function tellEvent(event: LiveEvent, voice: I18n): Told {
  const row = { ...event, identifier: event.who?.identifier ?? null, node_id: event.who?.identifier?.node_id ?? "" };
  const told = tell(row, { ...voice, firstName: null });
  if (told.words.length > 0) return told;
  // The event's own name stands in the column before this one; the server's summary may be no more than that.
  if (event.summary && !sameWords(event.summary, event.event, told.title)) return { ...told, words: [{ text: event.summary, tone: "ink" }] };
  if (told.second) return { ...told, words: [{ text: told.second, tone: "ink" }] };
  return { ...told, words: plainWords(event.properties, voice) };
}

function sameWords(text: string, ...others: (string | null)[]): boolean {
  const plain = (from: string) => from.trim().toLocaleLowerCase();
  return others.some((other) => other !== null && plain(other) === plain(text));
}

export function eventTitle(event: { type: string; event: string | null }, voice: I18n): string {
  return titleOf(event, voice);
}

export function whoText(event: LiveEvent, voice: I18n): { text: string; named: boolean } {
  const { who } = event;
  if (who?.name) return { text: who.name, named: true };
  if (who?.identifier) return { text: displayName({ name: null, contact: who.identifier }, voice), named: false };
  return { text: who?.label ?? voice.t("live.nobody"), named: false };
}

export function identifierText(event: LiveEvent, voice: I18n): string | null {
  const identifier = event.who?.identifier;
  return identifier ? contactText(identifier, voice) : null;
}

/** For narrow places: of a long number only its end. */
export function shortIdentifier(event: LiveEvent, voice: I18n): string | null {
  const identifier = event.who?.identifier;
  if (!identifier) return null;
  const { kind, value } = identifier;
  const cut = /^\+?\d{9,}$/.test(value) ? `…${value.slice(-4)}` : value;
  return contactText({ kind, value: cut }, voice);
}

export function knotKind(event: LiveEvent): KnotKind {
  return weActed(event) ? "ours" : "acted";
}
