/** The inbox: its views and who stands in it, in the address; its order, which changes when its reader lets it. */
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { useMay, useMe } from "~/api";
import { useTold } from "~/messages/useTold";
import { useDebounced } from "~/ui";

import { merge } from "./merge";
import { conversationQuery, countsQuery, hitsQuery, inAddress, inboxQuery, views, viewsQuery, type Hit, type KeptView, type Line, type Narrowed, type View } from "./model";
import { withTold, type ToldInbox } from "./told";

/** So long a list is kept up by what is told; people who were joined and names that have changed are not told. */
const ASKED_MS = 60_000;
const MOST_KNOWN = 10_000;
const COUNTS_REST_MS = 3_000;
const NOBODY: Line[] = [];
const NONE: KeptView[] = [];

export function useInbox() {
  const search = useSearch({ from: "/desk" });
  const navigate = useNavigate({ from: "/desk" });
  const view: View = views.find((each) => each === search.view) ?? "open";
  const { sort, channel, tag, assignee } = search;
  const by = useMemo(() => ({ sort, channel, tag, assignee }), [sort, channel, tag, assignee]);
  const found = useInfiniteQuery(inboxQuery(view, by));
  const counts = useQuery(countsQuery);
  const kept = useQuery({ ...viewsQuery, enabled: useMay("conversations.answer") }).data?.data ?? NONE;
  const client = useQueryClient();
  const me = useMe()?.id;
  const known = useRef(new Map<string, number>());
  useTold("inbox", found, (message) => {
    const { queryKey } = inboxQuery(view, by);
    const state = client.getQueryState(queryKey);
    const told = message as unknown as Partial<ToldInbox>;
    if (!me || !told.lines || !state?.data || Date.now() - state.dataUpdatedAt > ASKED_MS || known.current.size > MOST_KNOWN) {
      known.current.clear();
      return false;
    }
    const pages = withTold(state.data.pages, told as ToldInbox, view, by, me, known.current);
    if (!pages) return false;
    client.setQueryData(queryKey, { pages, pageParams: state.data.pageParams.slice(0, pages.length) }, { updatedAt: state.dataUpdatedAt });
    return true;
  });
  // Words alone change no count but of lists that are narrowed by them.
  const byWords = kept.some((each) => each.sort === "waiting" || each.channel !== null);
  useTold("inbox", counts, (message) => message["moved"] === false && !byWords, COUNTS_REST_MS);
  const [text, setText] = useState(search.q ?? "");
  const settled = useDebounced(text.trim(), 200);
  const asked = /[\p{L}\p{N}]/u.test(settled) ? settled : ""; // there is nothing to look for in what has no word
  const hits = useInfiniteQuery(hitsQuery(asked));

  const fresh = useMemo(() => found.data?.pages.flatMap((page) => page.data) ?? NOBODY, [found.data]);
  const held = useRef<{ of: string; rows: Line[] }>({ of: "", rows: NOBODY });
  const free = useRef(true);
  const taking = useRef(false);
  /** Those that somebody here is done with, until the server's list is without them. */
  const gone = useRef(new Set<string>());
  const of = JSON.stringify([view, by]);
  const [taken, take] = useState(0);
  // Whoever is read may have been joined to somebody: then the list has them under another number, in the same place.
  const read = (search.c && client.getQueryData(conversationQuery(search.c).queryKey)?.profile_id) || search.c;
  const shown = useMemo(() => {
    if (read !== search.c) {
      const { of: list, rows } = held.current;
      const twice = rows.some((line) => line.profile_id === read);
      held.current = { of: list, rows: rows.flatMap((line) => (line.profile_id !== search.c ? line : twice || !read ? [] : { ...line, profile_id: read })) };
    }
    const there = new Set(fresh.map((line) => line.profile_id));
    for (const person of gone.current) if (!there.has(person)) gone.current.delete(person);
    const known = gone.current.size > 0 ? fresh.filter((line) => !gone.current.has(line.profile_id)) : fresh;
    const whole = held.current.of !== of || held.current.rows.length === 0 || taking.current || (free.current && !search.c);
    const next = whole ? { rows: known, waiting: 0 } : merge(held.current.rows, known);
    held.current = { of: found.data ? of : "", rows: next.rows };
    taking.current = false;
    return next;
    // `taken`: the reader lets it move.
  }, [fresh, of, found.data, taken, read]);

  const change = useCallback((next: Record<string, string | undefined>) => void navigate({ search: (was) => ({ ...was, ...next }), replace: true }), [navigate]);
  const searching = asked !== "";
  const hitRows: Hit[] = useMemo(() => hits.data?.pages.flatMap((page) => page.data) ?? [], [hits.data]);
  const ids = searching ? [...new Set(hitRows.map((each) => each.profile_id))] : shown.rows.map((each) => each.profile_id);
  const at = ids.indexOf(read ?? "");
  const open = useCallback((person: string | undefined) => change({ c: person }), [change]);
  useEffect(() => change({ q: asked || undefined }), [asked, change]);
  const query = searching ? hits : found;
  return {
    view,
    by,
    counts: counts.data?.data ?? [],
    kept: kept.map((each) => ({ ...each, counted: counts.data?.kept.find(({ id }) => id === each.id), on: JSON.stringify([each.view, inAddress(each)]) === JSON.stringify([view, { view, ...by }]) })),
    rows: shown.rows,
    waiting: searching ? 0 : shown.waiting,
    take: () => {
      taking.current = true;
      take((count) => count + 1);
    },
    /** Somebody is done with them: they leave the list at once. */
    drop: (person: string) => {
      gone.current.add(person);
      held.current.rows = held.current.rows.filter((each) => each.profile_id !== person);
      take((count) => count + 1);
    },
    /** Whether the list may move: nobody points at it, and nobody is being read. */
    free: (yes: boolean) => (free.current = yes),
    text,
    setText,
    searching,
    hits: hitRows,
    ids,
    at,
    person: search.c ?? null,
    /** The same as the list has them. */
    read: read ?? null,
    open,
    /** Another list, with nothing of the one before but what is typed. */
    list: (next: Partial<Narrowed> & { view: string }) => change({ sort: undefined, channel: undefined, tag: undefined, assignee: undefined, c: undefined, ...next }),
    move: (step: number) => ids.length > 0 && open(ids[at < 0 ? 0 : Math.max(0, Math.min(ids.length - 1, at + step))]),
    change,
    loading: query.isPending && query.fetchStatus !== "idle",
    error: query.error as unknown,
    retry: () => void query.refetch(),
    hasMore: query.hasNextPage,
    loadMore: () => {
      if (query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
    },
    fresh: () => client.invalidateQueries({ queryKey: ["desk"] }),
  };
}

export type Inbox = ReturnType<typeof useInbox>;
