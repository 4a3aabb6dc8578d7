/** The inbox's list and a thread with what the socket told of them, where that can be known; else they are asked for. */
import type { Page } from "~/api";

import type { Item, Line, Narrowed, ThreadPage, View } from "./model";

type Place = Pick<Line["episode"], "last_at" | "id">;

/** read: who has read as far as `heard`, their last word; null where they wrote nothing. several: they have more than one episode that is not closed. */
export type ToldLine = Omit<Line, "unread"> & { read: string[] | null; heard: string; several: boolean };

export interface ToldInbox {
  /** Something has changed but words. */
  moved: boolean;
  lines: ToldLine[];
  /** Profiles, and who has them, of whom no line is told: something was said with each, and each stands below `cut`. */
  others: [person: string, assignee: string | null][];
  cut: { at: string; id: string; cursor: string } | null;
}

/** How far whoever sits here has read with somebody: what is told may be from a moment before. */
export const seenUpto = new Map<string, number>();

/** More than this is not kept in one list: it is asked for anew. */
const MOST = 500;
const FEWEST = 20;

/** Two times as the server writes them. A whole second, as messengers count, has no dot: with its Z it would stand after its own parts. */
export function inOrder(one: string, other: string): number {
  const [a, b] = [one.replace("Z", ""), other.replace("Z", "")];
  return a < b ? -1 : a > b ? 1 : 0;
}

const newest = (a: Place, b: Place) => inOrder(b.last_at, a.last_at) || Number(b.id) - Number(a.id);
const longest = (a: Line["episode"], b: Line["episode"]) => inOrder(a.waiting_since ?? a.last_at, b.waiting_since ?? b.last_at) || Number(a.id) - Number(b.id);

function belongs({ episode }: ToldLine, view: View, by: Narrowed, me: string): boolean {
  if (episode.state !== "open" || (by.sort === "waiting" && !episode.waiting_since)) return false;
  if (view === "mine" && episode.assignee?.id !== me) return false;
  if (view === "unassigned" && episode.assignee) return false;
  return (!by.channel || episode.channel === by.channel) && (!by.tag || episode.tags.includes(by.tag)) && (!by.assignee || episode.assignee?.id === by.assignee);
}

/** Null: ask. `known`: the newest revision of each episode that was told, so that nothing older comes after it. */
export function withTold(pages: Page<Line>[], told: ToldInbox, view: View, by: Narrowed, me: string, known: Map<string, number>): Page<Line>[] | null {
  const [first, ...others] = pages;
  if (!first || !["open", "mine", "unassigned"].includes(view) || told.lines.some(({ several }) => several)) return null;
  const waits = by.sort === "waiting";
  const whole = view === "open" && !waits && !by.channel && !by.tag && !by.assignee;
  const rows = new Map(pages.flatMap(({ data }) => data.map((line) => [line.profile_id, line] as const)));
  const concerns = ([person, to]: [string, string | null]) => rows.has(person) || (view === "mine" ? to === me : view === "unassigned" ? to === null : true);
  if (!whole && told.others.some(concerns)) return null;
  const end = pages.at(-1);
  const last = end?.data.at(-1)?.episode;
  const order = waits ? longest : newest;
  for (const line of told.lines) {
    const { read, heard, several: _, ...shown } = line;
    const seen = Number(heard) <= (seenUpto.get(line.profile_id) ?? 0);
    const { id, revision } = line.episode;
    const held = rows.get(line.profile_id)?.episode;
    if (revision < Math.max(known.get(id) ?? 0, held?.id === id ? held.revision : 0)) continue;
    known.set(id, revision);
    rows.delete(line.profile_id);
    const below = end?.next_cursor && (!last || order(line.episode, last) > 0);
    if (belongs(line, view, by, me) && !below) rows.set(line.profile_id, { ...shown, unread: read !== null && !read.includes(me) && !seen });
  }
  const { cut } = told;
  const place = cut && { last_at: cut.at, id: cut.id };
  const left = [...rows.values()].filter(({ episode }) => !whole || !place || newest(episode, place) <= 0).toSorted((a, b) => order(a.episode, b.episode));
  const next = whole && cut ? cut.cursor : (end?.next_cursor ?? null);
  if (left.length > MOST || (left.length < FEWEST && next)) return null;
  if (whole && cut) return [{ data: left, next_cursor: next }];
  // As many pages as there were: the last one's cursor leads on, and asked anew they are as many again.
  return [{ ...first, data: left }, ...others.map((page) => ({ ...page, data: [] }))];
}

export const keyOf = ({ kind, id }: Item) => `${kind}${id}`;
const KINDS = ["said", "note", "mark"];
const later = (a: Item, b: Item) => inOrder(b.at, a.at) || KINDS.indexOf(b.kind) - KINDS.indexOf(a.kind) || Number(b.id) - Number(a.id);

/** With what the socket told, each item once, whichever order it came in. Null: there may be more between, ask. */
export function withNews(pages: ThreadPage[], items: Item[]): ThreadPage[] | null {
  const [first, ...others] = pages;
  if (!first) return null;
  const known = new Set(pages.flatMap(({ data }) => data.map(keyOf)));
  const fresh = items.filter((item) => !known.has(keyOf(item)));
  if (fresh.length === 0) return pages;
  if (fresh.length === items.length && known.size > 0) return null;
  const last = pages.at(-1);
  const oldest = last?.data.at(-1);
  const within = fresh.filter((item) => !last?.next_cursor || !oldest || later(item, oldest) < 0);
  return [{ ...first, data: [...first.data, ...within].toSorted(later) }, ...others];
}
