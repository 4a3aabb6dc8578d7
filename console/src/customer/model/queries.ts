/** What the page asks the server for. Every key begins with ["profile", ref], so that one call makes all of it fresh. */

import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";

import { api, refPath } from "~/api";

import type { EventRow, FoundPerson, Identity, Preview, Profile, Ruler, TraitHistoryRow, TraitRow } from "./types";

export interface Times {
  as_of?: string;
  known_at?: string;
}

const PAGE = 60;

function base(ref: string): string {
  return `/api/profiles/${refPath(ref)}`;
}

export const profileQuery = (ref: string, times: Times) =>
  queryOptions({
    queryKey: ["profile", ref, "card", times],
    queryFn: ({ signal }) => api.get<Profile>(base(ref), { params: { ...times }, signal }),
  });

export const traitsQuery = (ref: string, times: Times) =>
  queryOptions({
    queryKey: ["profile", ref, "traits", times],
    queryFn: ({ signal }) => api.get<{ data: TraitRow[] }>(`${base(ref)}/traits`, { params: { ...times }, signal }),
    placeholderData: keepPreviousData,
  });

export const identityQuery = (ref: string, times: Times) =>
  queryOptions({
    queryKey: ["profile", ref, "identity", times],
    queryFn: ({ signal }) => api.get<Identity>(`${base(ref)}/identity`, { params: { ...times }, signal }),
    placeholderData: keepPreviousData,
  });

export const rulerQuery = (ref: string, times: Times) =>
  queryOptions({
    queryKey: ["profile", ref, "ruler", times],
    queryFn: ({ signal }) => api.get<Ruler>(`${base(ref)}/ruler`, { params: { ...times, zone: Intl.DateTimeFormat().resolvedOptions().timeZone }, signal }),
    placeholderData: keepPreviousData,
  });

export interface ThreadFilter {
  channel?: string | undefined;
  q?: string | undefined;
}

interface EventPage {
  data: EventRow[];
  next_cursor: string | null;
}

export const eventsQuery = (ref: string, times: Times, filter: ThreadFilter) =>
  infiniteQueryOptions({
    queryKey: ["profile", ref, "events", times, filter],
    queryFn: ({ pageParam, signal }) =>
      api.get<EventPage>(`${base(ref)}/events`, {
        params: { ...times, limit: PAGE, cursor: pageParam, channel: filter.channel, q: filter.q },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last: EventPage) => last.next_cursor,
    placeholderData: keepPreviousData,
  });

export const historyQuery = (ref: string, name: string, times: Times) =>
  infiniteQueryOptions({
    queryKey: ["profile", ref, "history", name, times],
    queryFn: ({ pageParam, signal }) =>
      api.get<{ data: TraitHistoryRow[]; next_cursor: string | null }>(`${base(ref)}/traits/${encodeURIComponent(name)}/history`, {
        params: { ...times, limit: 20, cursor: pageParam },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });

/** The moment of the event next to `ms` on either side, for stepping through time. */
export async function neighbourMoment(ref: string, ms: number, direction: "earlier" | "later", now: Times): Promise<number | null> {
  if (direction === "earlier") {
    const as_of = new Date(ms - 1).toISOString();
    const page = await api.get<EventPage>(`${base(ref)}/events`, { params: { ...now, as_of, limit: 1 } });
    const found = page.data[0];
    return found ? Date.parse(found.occurred_at) : null;
  }
  // Events come newest first, so the next later one is the last of those after `ms`: read pages until it is passed.
  let cursor: string | null = null;
  let best: number | null = null;
  for (let page = 0; page < 20; page += 1) {
    const got: EventPage = await api.get<EventPage>(`${base(ref)}/events`, { params: { limit: 200, cursor } });
    for (const event of got.data) {
      const at = Date.parse(event.occurred_at);
      if (at <= ms) return best;
      best = at;
    }
    cursor = got.next_cursor;
    if (cursor === null) return best;
  }
  return best;
}

export const searchQuery = (text: string) =>
  queryOptions({
    queryKey: ["customers", "join", text],
    queryFn: ({ signal }) => api.get<{ data: FoundPerson[]; total: number }>("/api/profiles", { params: { query: text, limit: 8 }, signal }),
    enabled: text.trim() !== "",
    placeholderData: keepPreviousData,
  });

export interface Done {
  id: string | null;
  preview: Preview;
}

/** The server wants a reason in a rehearsal too, and forgets it with the rest. */
export const REHEARSAL = "rehearsal";

export interface MergeBody {
  from: string;
  into: string;
  reason: string;
  dry_run: boolean;
}

export interface SplitBody {
  profile: string;
  identifiers: string[];
  reason: string;
  dry_run: boolean;
}

export const changes = {
  merge: (body: MergeBody) => api.post<Done>("/api/identity/merges", body),
  undo: (id: string, dry_run: boolean) => api.post<Done>(`/api/identity/merges/${encodeURIComponent(id)}/undo`, { dry_run }),
  split: (body: SplitBody) => api.post<Done>("/api/identity/splits", body),
};
