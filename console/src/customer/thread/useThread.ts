/** The loaded part of the thread: pages of events, made into rows, kept fresh without asking for all pages again. */

import { useInfiniteQuery, useQueryClient, type InfiniteData, type UseInfiniteQueryResult } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";

import { eventsQuery, type ThreadFilter, type Times } from "../model/queries";
import type { EventRow, Identity, Ruler } from "../model/types";
import { buildRows, type Door, type Row } from "./rows";
import { readStrands, type Strands } from "./strands";

const PAUSE_MS = 100;
const TRIES = 50;

type EventPage = { data: EventRow[]; next_cursor: string | null };
type Pages = InfiniteData<EventPage, unknown>;

export function dayOf(ms: number): string {
  const date = new Date(ms);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The door last used on a strand at or before a moment, by the ruler's days. */
export function doorFinder(ruler: Ruler | undefined): (strand: number, ms: number) => Door {
  const days = (ruler?.days ?? []).toSorted((a, b) => b.day.localeCompare(a.day));
  return (strand, ms) => {
    const limit = dayOf(ms);
    const found = days.find((day) => day.strand === strand && day.day <= limit);
    if (!found) return null;
    return Object.entries(found.channels).sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
  };
}

export interface Thread {
  rows: Row[];
  events: EventRow[];
  strands: Strands;
  complete: boolean;
  query: UseInfiniteQueryResult<Pages, Error>;
}

interface ThreadOptions {
  ref: string;
  times: Times;
  filter: ThreadFilter;
  onlyJoins: boolean;
  identity: Identity | undefined;
  ruler: Ruler | undefined;
}

export function useThread({ ref, times, filter, onlyJoins, identity, ruler }: ThreadOptions): Thread {
  const query = useInfiniteQuery(eventsQuery(ref, times, filter));
  const events = useMemo(() => (query.data?.pages ?? []).flatMap((page) => page.data), [query.data]);
  const strands = useMemo(() => readStrands(identity?.strands ?? []), [identity]);
  const doorBefore = useMemo(() => doorFinder(ruler), [ruler]);
  const complete = query.data !== undefined && !query.hasNextPage;
  const filtered = Boolean(filter.channel || filter.q);
  const rows = useMemo(() => {
    const joins = filtered ? [] : visibleJoins(identity, times.as_of);
    return buildRows({ events: onlyJoins ? [] : events, joins, strands, complete: complete || onlyJoins, partial: filtered || onlyJoins, dayOf, doorBefore });
  }, [events, identity, strands, complete, doorBefore, onlyJoins, filtered, times.as_of]);
  return { rows, events, strands, complete, query };
}

export function visibleJoins(identity: Identity | undefined, until: string | undefined) {
  const joins = identity?.joins ?? [];
  return until ? joins.filter((join) => Date.parse(join.at) <= Date.parse(until)) : joins;
}

/**
 * Puts what is new on top of the loaded pages. Only the first page is asked for: a thread of a thousand pages costs one request.
 * Gives back how many events are new; -1 when the pages no longer meet and had to be dropped.
 */
export function useRefreshThread(ref: string, times: Times, filter: ThreadFilter): () => Promise<number> {
  const client = useQueryClient();
  return useCallback(async () => {
    const options = eventsQuery(ref, times, filter);
    const context = { pageParam: null, signal: new AbortController().signal } as unknown as Parameters<NonNullable<typeof options.queryFn>>[0];
    const fetchFirst = options.queryFn as (from: typeof context) => Promise<Pages["pages"][number]>;
    const state = () => client.getQueryState<Pages>(options.queryKey);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const before = state();
      const held = before?.data;
      if (!held?.pages[0]) return 0;
      const first = await fetchFirst(context);
      // Whoever asked for all of it meanwhile may know better who this is by now: what came here is compared anew.
      if (state()?.dataUpdatedAt !== before?.dataUpdatedAt || state()?.fetchStatus === "fetching") {
        await new Promise((done) => setTimeout(done, PAUSE_MS));
        continue;
      }
      const known = new Set(held.pages.flatMap((page) => page.data.map((event) => event.message_id)));
      const fresh = first.data.filter((event) => !known.has(event.message_id));
      if (fresh.length === 0) return 0;
      if (fresh.length === first.data.length && first.next_cursor !== null) {
        await client.resetQueries({ queryKey: options.queryKey });
        return -1;
      }
      const data = [...fresh, ...held.pages[0].data].sort((a, b) => b.occurred_at.localeCompare(a.occurred_at));
      client.setQueryData<Pages>(options.queryKey, { ...held, pages: [{ ...held.pages[0], data }, ...held.pages.slice(1)] });
      return fresh.length;
    }
    return 0;
  }, [client, ref, times, filter]);
}
