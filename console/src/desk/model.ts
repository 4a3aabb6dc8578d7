/** What the desk's API shows, and how it is asked. */
import { infiniteQueryOptions, queryOptions, type QueryClient } from "@tanstack/react-query";

import { api, type Page } from "~/api";
import type { Candidate } from "~/messages/model";

import { inOrder, keyOf, withNews } from "./told";

const HOUR_MS = 3_600_000;
const SOON_MS = 2 * HOUR_MS;

export const views = ["mine", "unassigned", "open", "mentions", "snoozed", "closed", "spam"] as const;
export type View = (typeof views)[number];
export type Author = "customer" | "colleague" | "program";

export interface Colleague {
  id: string;
  name: string;
}

export interface Episode {
  id: string;
  state: "open" | "snoozed" | "closed";
  site: string;
  channel: string;
  opened_at: string;
  last_at: string;
  waiting_since: string | null;
  snoozed_until: string | null;
  closed_at: string | null;
  spam: boolean;
  assignee: Colleague | null;
  tags: string[];
  revision: number;
}

export interface Line {
  profile_id: string;
  name: string | null;
  episode: Episode;
  last: { at: string; author: Author; channel: string; preview: string } | null;
  unread: boolean;
  /** The last channels, the oldest first. */
  channels: string[];
}

export interface DraftOf {
  kind: "reply" | "note";
  text: string;
  channel: string | null;
  at: string;
}

/** An address of which nothing is heard. */
export interface Block {
  id: string;
  kind: string;
  address: string;
  since: string;
  by: Colleague;
  reason: string;
}

export interface Conversation {
  profile_id: string;
  name: string | null;
  current: Episode | null;
  episodes: Episode[];
  drafts: DraftOf[];
  unread: boolean;
  blocked: Block[];
}

export interface FileOf {
  id: string | null;
  name: string;
  type: string;
  size_bytes: number | null;
  state: "coming" | "waiting" | "kept" | "failed" | null;
  reason: string | null;
  width: number | null;
  height: number | null;
}

export interface Said {
  kind: "said";
  id: string;
  at: string;
  author: Author;
  channel: string;
  address: string | null;
  address_kind: string | null;
  assurance: "anonymous" | "claimed" | "possessed" | "verified" | null;
  text: string | null;
  subject: string | null;
  quoted: string | null;
  signature: string | null;
  pressed: string | null;
  files: FileOf[];
  /** Of the shop, on which it was written. */
  page: { url: string | null; title: string | null } | null;
  automatic: boolean;
  edited: boolean;
  colleague: string | null;
  template: string | null;
  message_id: string | null;
  state: string | null;
  episode: string | null;
  blocked: boolean;
}

export interface Note {
  kind: "note";
  id: string;
  at: string;
  author: Colleague;
  text: string;
  mentions: Colleague[];
  edited_at: string | null;
  deleted: boolean;
  episode: string | null;
}

export interface Mark {
  kind: "mark";
  id: string;
  at: string;
  act: "opened" | "reopened" | "closed" | "snoozed" | "woken" | "assigned" | "tagged" | "untagged" | "spam" | "no_spam" | "hopped";
  actor: Colleague | null;
  to: Colleague | null;
  detail: { why?: string; tags?: string[]; until?: string; into?: string };
  episode: string;
}

export type Item = Said | Note | Mark;

export interface Unsent {
  message_id: string;
  at: string;
  due_at: string;
  state: string;
  channel: string | null;
  rule: string | null;
  why: string | null;
  asked_by: string;
  text: string | null;
  files: FileOf[];
}

export interface ThreadPage {
  data: Item[];
  unsent: Unsent[];
  next_cursor: string | null;
}

/** What the socket tells of a conversation. items: its newest, newest first; read: who has read all of it, null where there is nothing to read. */
export interface News {
  items: Item[];
  current: Episode;
  read: string[] | null;
}

export interface Hit {
  id: string;
  profile_id: string;
  name: string | null;
  at: string;
  author: Author;
  channel: string;
  excerpt: string;
  marks: [number, number][];
  episode: string | null;
}

export interface Reply {
  message_id: string;
  state: string;
  channel: string | null;
  rule: string | null;
  why: string | null;
  due_at: string | null;
  repeated: boolean;
}

export interface Agent extends Colleague {
  login: string;
  available: boolean;
  most: number;
  open: number;
}

export interface Canned {
  id: string;
  shortcut: string;
  title: string;
  texts: Partial<Record<"en" | "ru" | "pl", string>>;
}

/** A saved reply for one customer. missing: what is not known of them, and stands in it as its variable. */
export interface Filled {
  text: string;
  language: string;
  missing: string[];
}

/** Variables in a text that nobody has filled: no customer is to see one. */
export const unfilled = (text: string): string[] => [...new Set([...text.matchAll(/\{\{\s*([^{}]*?)\s*\}\}/g)].map((found) => found[1] ?? ""))];

export interface Closing {
  hours: number;
  until: number;
}

/** The window in which a provider lets us answer freely, where it closes within two hours or has just closed. */
export function closing({ verdicts, last_heard_at }: Candidate, now: number): Closing | null {
  const until = Date.parse(verdicts.find(({ rule }) => rule === "window")?.until ?? "");
  if (!last_heard_at || Number.isNaN(until) || until - now > SOON_MS) return null;
  return { until, hours: Math.round((until - Date.parse(last_heard_at)) / HOUR_MS) };
}

export interface Narrowed {
  sort: string | undefined;
  channel: string | undefined;
  tag: string | undefined;
  assignee: string | undefined;
}

/** A list of the inbox that somebody keeps. */
export interface KeptView {
  id: string;
  name: string;
  shared: boolean;
  view: View;
  sort: "newest" | "waiting";
  channel: string | null;
  tag: string | null;
  assignee: Colleague | null;
}

/** What of the address says which list it is. */
export const inAddress = ({ view, sort, channel, tag, assignee }: KeptView) => ({
  view,
  sort: sort === "waiting" ? sort : undefined,
  channel: channel ?? undefined,
  tag: tag ?? undefined,
  assignee: assignee?.id,
});

export interface Counted {
  count: number;
  exact: boolean;
}

const PAGE = 50;
export const pathOf = (person: string, rest = "") => `/api/conversations/profile:${person}${rest}`;

const paged = <T>(path: string, params: Record<string, string | undefined>) => ({
  queryFn: ({ pageParam, signal }: { pageParam: string | null; signal: AbortSignal }) => api.get<Page<T>>(path, { params: { ...params, limit: PAGE, cursor: pageParam }, signal }),
  initialPageParam: null as string | null,
  getNextPageParam: (last: Page<T>) => last.next_cursor,
});

export const inboxQuery = (view: View, by: Narrowed) => infiniteQueryOptions({ queryKey: ["desk", "inbox", view, by], ...paged<Line>("/api/conversations", { view, ...by }) });
export const hitsQuery = (text: string) => infiniteQueryOptions({ queryKey: ["desk", "hits", text], ...paged<Hit>("/api/conversations/search", { text }), enabled: text !== "" });
export const countsQuery = queryOptions({
  queryKey: ["desk", "counts"],
  queryFn: () => api.get<{ data: (Counted & { view: View })[]; kept: (Counted & { id: string })[] }>("/api/conversations/counts"),
});
export const viewsQuery = queryOptions({ queryKey: ["desk", "views"], queryFn: () => api.get<{ data: KeptView[] }>("/api/desk/views") });
export const teamQuery = queryOptions({ queryKey: ["desk", "team"], queryFn: () => api.get<{ data: Agent[] }>("/api/desk/team") });
export const conversationQuery = (person: string) => queryOptions({ queryKey: ["desk", "of", person], queryFn: ({ signal }) => api.get<Conversation>(pathOf(person), { signal }) });
export const threadQuery = (person: string) =>
  infiniteQueryOptions({
    queryKey: ["thread", person], // not of the desk: asked anew as a whole, each page of a long one would be
    queryFn: ({ pageParam, signal }) => api.get<ThreadPage>(pathOf(person, "/thread"), { params: { limit: PAGE, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

/** The newest page into those that are here. Where it does not fit, because people were joined or much was said, it alone. */
export function joined(pages: ThreadPage[], page: ThreadPage): ThreadPage[] {
  const first = pages[0];
  if (!first || pages.length < 2) return [page];
  const fresh = new Set(page.data.map(keyOf));
  const oldest = page.data.at(-1)?.at ?? "";
  const known = first.data.filter((item) => !fresh.has(keyOf(item)));
  const among = known.some(({ at }) => inOrder(at, oldest) > 0);
  const fits = !among && first.data.length > known.length;
  return fits ? [{ ...page, data: [...page.data, ...known], next_cursor: first.next_cursor }, ...pages.slice(1)] : [page];
}

/** What is told while threads are asked for: their answers may be from before that. */
const asking = new Set<{ person: string; items: Item[] }>();

/** Puts what the socket told in its place; whether it could. */
export function takeNews(client: QueryClient, person: string, me: string | undefined, { items, current, read }: News): boolean {
  const { queryKey } = threadQuery(person);
  const head = conversationQuery(person).queryKey;
  const pages = client.getQueryData(queryKey);
  const was = client.getQueryData(head);
  if (!pages || was?.current?.id !== current.id || client.isFetching({ queryKey }) > 0) return false;
  if (was.episodes.filter(({ state }) => state !== "closed").length > 1) return false;
  // That a file has come is not told: as long as one is on its way, the thread is asked for.
  if (items.some((each) => each.kind === "said" && each.files.some(({ state }) => state === "coming" || state === "waiting"))) return false;
  const next = withNews(pages.pages, items);
  if (!next) return false;
  for (const each of asking) if (each.person === person) each.items.push(...items);
  client.setQueryData(queryKey, { ...pages, pages: next });
  if (current.revision >= was.current.revision) {
    const unread = current.state !== "closed" && read !== null && !read.includes(me ?? "");
    client.setQueryData(head, { ...was, current, unread, episodes: was.episodes.map((each) => (each.id === current.id ? current : each)) });
  }
  return true;
}

export async function freshenThread(client: QueryClient, person: string): Promise<void> {
  const { queryKey } = threadQuery(person);
  if (!client.getQueryData(queryKey)) return void (await client.refetchQueries({ queryKey }, { cancelRefetch: false }));
  const meanwhile = { person, items: [] as Item[] };
  asking.add(meanwhile);
  const page = await api.get<ThreadPage>(pathOf(person, "/thread"), { params: { limit: PAGE } }).finally(() => asking.delete(meanwhile));
  await client.cancelQueries({ queryKey });
  client.setQueryData(queryKey, (was) => {
    if (!was) return was;
    const fresh = joined(was.pages, page);
    const pages = withNews(fresh, [...page.data, ...meanwhile.items]) ?? fresh;
    return { pages, pageParams: was.pageParams.slice(0, pages.length) };
  });
}

export const cannedQuery = (text: string) => queryOptions({ queryKey: ["desk", "canned", text], queryFn: ({ signal }) => api.get<Page<Canned>>("/api/desk/replies", { params: { text, limit: 30 }, signal }) });

/** The number of the newest message of ours that stands in a thread. */
export function knownOf(pages: ThreadPage[]): number {
  const numbers = pages.flatMap(({ data, unsent }) => [...data.map((each) => (each.kind === "said" ? each.message_id : null)), ...unsent.map((each) => each.message_id)]);
  return Math.max(0, ...numbers.map(Number));
}

/** The newest thing that was said, as the server counts. */
export const lastSaid = (pages: ThreadPage[]): string | null =>
  pages
    .flatMap(({ data }) => data)
    .filter((each) => each.kind === "said")
    .map(({ id }) => id)
    .toSorted((a, b) => Number(b) - Number(a))[0] ?? null;
