/** The stream as data: what is shown, what waits, what the filter lets through. Pure. */
import type { DeadLetter, Json, LiveEvent, Rate } from "~/api";
import { channels, type Channel } from "~/channels/names";

export type Item = { kind: "event"; key: string; at: string; event: LiveEvent } | { kind: "rejected"; key: string; at: string; letter: DeadLetter };

export interface Filter {
  doors: Channel[];
  text: string;
  /** Only what was not stored. */
  rejected: boolean;
}

/** How many events the page keeps; older ones are fetched again when somebody scrolls to them. */
export const KEPT = 3000;

export function newestFirst(a: LiveEvent, b: LiveEvent): number {
  return b.seq - a.seq;
}

/** Two lists, each newest first, without repeats. The usual case, all fresh ones newer, costs no sorting. */
export function merge(fresh: LiveEvent[], known: LiveEvent[]): LiveEvent[] {
  if (fresh.length === 0) return known;
  const here = new Set(known.map((event) => event.seq));
  if (fresh.every((event) => here.has(event.seq))) return known;
  const seen = new Set(fresh.map((event) => event.seq));
  const rest = known.filter((event) => !seen.has(event.seq));
  const oldest = fresh.at(-1);
  const newest = rest[0];
  const all = [...fresh, ...rest];
  if (oldest && newest && newestFirst(oldest, newest) > 0) all.sort(newestFirst);
  return all.slice(0, KEPT);
}

function texts(value: Json | undefined, found: string[], depth = 0): void {
  if (typeof value === "string") found.push(value);
  else if (typeof value === "number") found.push(String(value));
  else if (typeof value === "object" && value !== null && depth < 4) for (const part of Object.values(value)) texts(part, found, depth + 1);
}

const AT_HANDLES = new Set(["telegram", "instagram"]);

function haystack(event: LiveEvent): string {
  const { kind, value } = event.who?.identifier ?? { kind: "", value: "" };
  const found = [event.event ?? "", event.type, event.source, event.who?.name ?? "", event.who?.label ?? "", AT_HANDLES.has(kind) ? `@${value}` : value];
  texts(event.properties, found);
  texts(event.traits, found);
  return found.join("\n").toLocaleLowerCase();
}

/** What is looked for when a number is typed, in whatever groups: its digits. */
function digitsOf(wanted: string): string {
  const digits = /^\+?[\d\s().-]+$/.test(wanted) ? wanted.replace(/\D/g, "") : "";
  return digits.length >= 3 ? digits : "";
}

/** For what comes over the socket; what stands in the server is sifted there, by the same rule (rules/live.py). */
export function passes(event: LiveEvent, { doors, text }: Filter): boolean {
  if (doors.length > 0 && !doors.includes(event.channel)) return false;
  const wanted = text.trim().toLocaleLowerCase();
  if (wanted === "" || haystack(event).includes(wanted)) return true;
  const digits = digitsOf(wanted);
  return digits !== "" && (event.who?.identifier?.value ?? "").replace(/\D/g, "").includes(digits);
}

function passesRejected(letter: DeadLetter, { doors, text }: Filter): boolean {
  if (doors.length > 0) return false;
  const wanted = text.trim().toLocaleLowerCase();
  return wanted === "" || `${letter.reason}\n${letter.source}\n${letter.event}`.toLocaleLowerCase().includes(wanted);
}

/** One list of what was stored and what was not, by the time of receipt. */
export function toItems(events: LiveEvent[], rejected: DeadLetter[], filter: Filter): Item[] {
  const letters: Item[] = rejected
    .filter((letter) => letter.state === "open" && passesRejected(letter, filter))
    .map((letter) => ({ kind: "rejected", key: `r${letter.id}`, at: letter.received_at, letter }));
  letters.sort((a, b) => (a.at < b.at ? 1 : -1));
  if (filter.rejected) return letters;
  const stored: Item[] = events.map((event) => ({ kind: "event", key: String(event.seq), at: event.received_at, event }));
  if (letters.length === 0) return stored;
  const items: Item[] = [];
  let next = 0;
  for (const item of stored) {
    for (let letter = letters[next]; letter && letter.at >= item.at; letter = letters[++next]) items.push(letter);
    items.push(item);
  }
  // Rejected ones older than the oldest event shown would stand out of their place; they come with the older events.
  return stored.length === 0 ? letters : items;
}

/** The event as it came, or its text when that was no JSON. */
export function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

export function nameOfRejected(letter: DeadLetter): { type: string; event: string | null } {
  const raw = parsed(letter.event);
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return { type: "?", event: null };
  return { type: typeof raw["type"] === "string" ? raw["type"] : "?", event: typeof raw["event"] === "string" ? raw["event"] : null };
}

const SECONDS = 120;

export interface Bar {
  parts: { channel: Channel; from: number; to: number }[];
  total: number;
}

/** Two minutes in bars of two seconds each, stacked in the order of the doors; heights count events. */
export function bars(rate: Rate | null, now: number, perBar = 2): { bars: Bar[]; most: number; total: number; doors: Channel[] } {
  const made: Bar[] = [];
  const seen = new Map<Channel, number>();
  const slots = Array.from({ length: SECONDS / perBar }, (): Partial<Record<Channel, number>>[] => []);
  const first = Math.floor(now / 1000 / perBar) * perBar - SECONDS;
  for (const second of rate?.seconds ?? []) {
    slots[Math.floor((Date.parse(second.at) / 1000 - first) / perBar)]?.push(second.counts);
  }
  for (const slot of slots) {
    const bar: Bar = { parts: [], total: 0 };
    for (const channel of channels) {
      const count = slot.reduce((sum, counts) => sum + (counts[channel] ?? 0), 0);
      if (count === 0) continue;
      bar.parts.push({ channel, from: bar.total, to: bar.total + count });
      bar.total += count;
      seen.set(channel, (seen.get(channel) ?? 0) + count);
    }
    made.push(bar);
  }
  return {
    bars: made,
    most: Math.max(1, ...made.map((bar) => bar.total)),
    total: made.reduce((sum, bar) => sum + bar.total, 0),
    doors: [...seen.entries()].sort((a, b) => b[1] - a[1]).map(([channel]) => channel),
  };
}

/** Milliseconds between two moments; null while one of them has not come. */
export function between(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : Date.parse(to) - Date.parse(from);
}
