/** The stream's state: events shown, events waiting while it is held, what was rejected, the rate. */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useReducer, useRef } from "react";

import { api, type DeadLetter, type LiveEvent, type LivePage } from "~/api";
import { useSocketOpens, useTopic } from "~/socket";

import { merge, newestFirst, passes, toItems, type Filter } from "./model";

const PAGE = 200;
const FLUSH_MS = 250;
const REFRESH_MS = 5000;
/** A filter by text looks this many pages back by itself; the server sifts by door only. */
const PAGES_BACK = 10;
const ENOUGH = 40;
/** So many of the newest come along with each look at the rate; they mend what the socket let slip. */
const MENDING = 50;

interface State {
  shown: LiveEvent[];
  waiting: LiveEvent[];
  heldSince: number | null;
  /** Of all events looked through, whether they passed the filter or not. */
  oldest: number | null;
  pages: number;
  /** No older events are kept by the server. */
  ended: boolean;
}

type Action =
  /** `same`: the filter is the one before, so what stands here stays. */
  | { do: "replace"; page: LiveEvent[]; filter: Filter; same: boolean }
  | { do: "arrived"; fresh: LiveEvent[] }
  | { do: "older"; page: LiveEvent[]; filter: Filter }
  | { do: "hold"; at: number }
  | { do: "resume" };

const START: State = { shown: [], waiting: [], heldSince: null, oldest: null, pages: 0, ended: true };

function reduce(state: State, action: Action): State {
  switch (action.do) {
    case "replace":
    case "older": {
      const kept = action.page.filter((event) => passes(event, action.filter));
      const older = action.do === "older";
      if (action.do === "replace" && action.same) {
        if (state.heldSince === null) return { ...state, shown: merge(kept, state.shown) };
        const newest = state.shown[0]?.seq ?? 0;
        return { ...state, waiting: merge(kept.filter((event) => event.seq > newest), state.waiting) };
      }
      return {
        ...state,
        shown: older ? [...state.shown, ...kept] : kept,
        waiting: older ? state.waiting : [],
        oldest: action.page.at(-1)?.seq ?? state.oldest,
        pages: older ? state.pages + 1 : 1,
        ended: action.page.length < PAGE,
      };
    }
    case "arrived": {
      if (state.heldSince === null) return { ...state, shown: merge(action.fresh, state.shown) };
      const shown = new Set(state.shown.map((event) => event.seq));
      const unseen = action.fresh.filter((event) => !shown.has(event.seq));
      return unseen.length > 0 ? { ...state, waiting: merge(unseen, state.waiting) } : state;
    }
    case "hold":
      return state.heldSince === null ? { ...state, heldSince: action.at } : state;
    case "resume":
      return { ...state, shown: merge(state.waiting, state.shown), waiting: [], heldSince: null };
  }
}

/** What came over the socket since the last look, a few times a second and not with every message. */
function useArrivals(arrived: (events: LiveEvent[]) => void) {
  const client = useQueryClient();
  const buffer = useRef<LiveEvent[]>([]);
  const latest = useRef(arrived);
  useEffect(() => {
    latest.current = arrived;
  });
  useTopic("live", ({ topic: _, ...message }) => {
    buffer.current.push(...((message["events"] ?? []) as LiveEvent[]));
    if (message["rate"]) client.setQueryData<LivePage>(REST, (before) => (before ? { ...before, ...message } : before));
  });
  useEffect(() => {
    const timer = setInterval(() => {
      if (buffer.current.length > 0) latest.current(buffer.current.splice(0));
    }, FLUSH_MS);
    return () => clearInterval(timer);
  }, []);
}

const REST = ["live-rest"];

export function useStream(filter: Filter) {
  const [state, act] = useReducer(reduce, START);
  const opens = useSocketOpens();
  const channel = filter.doors.join(",");
  const first = useQuery({
    // Each connection asks again, for what came between the page and the socket, or while there was none.
    queryKey: ["live", channel, filter.text, opens],
    queryFn: ({ signal }) => api.get<LivePage>("/api/live", { params: { limit: PAGE, channel }, signal }),
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
  });
  // What was refused and how fast events come: over the socket while they flow, and asked for when they do not.
  const rest = useQuery({
    queryKey: REST,
    queryFn: ({ signal }) => api.get<LivePage>("/api/live", { params: { limit: MENDING }, signal }),
    refetchInterval: REFRESH_MS,
    staleTime: 0,
    enabled: first.data !== undefined,
  });
  const lastFilter = useRef<Filter | null>(null);
  const page = first.isPlaceholderData ? undefined : first.data;
  useEffect(() => {
    if (!page) return;
    act({ do: "replace", page: page.data, filter, same: lastFilter.current === filter });
    lastFilter.current = filter;
  }, [page]);
  const arrive = (events: LiveEvent[]) => act({ do: "arrived", fresh: events.filter((event) => passes(event, filter)).sort(newestFirst) });
  useArrivals(arrive);
  const newestPage = rest.data?.data;
  useEffect(() => {
    if (newestPage && newestPage.length > 0) arrive(newestPage);
  }, [newestPage]);

  const loading = useRef(false);
  const { oldest, ended, pages } = state;
  const sifting = filter.text.trim() !== "";
  const loadOlder = () => {
    if (loading.current || ended || oldest === null || filter.rejected || (sifting && pages >= PAGES_BACK)) return;
    loading.current = true;
    void api
      .get<LivePage>("/api/live", { params: { limit: PAGE, before: oldest, channel } })
      .then((older) => act({ do: "older", page: older.data, filter }))
      .finally(() => (loading.current = false));
  };
  useEffect(() => {
    if (sifting && state.shown.length < ENOUGH) loadOlder();
  }, [sifting, pages, page]);

  const latest = rest.data ?? first.data;
  const rejected: DeadLetter[] = useMemo(() => latest?.rejected.filter((letter) => letter.state === "open") ?? [], [latest?.rejected]);
  const items = useMemo(() => toItems(state.shown, rejected, filter), [state.shown, rejected, filter]);
  return {
    items,
    waiting: state.waiting.length,
    heldSince: state.heldSince,
    rejected,
    rate: latest?.rate ?? null,
    newest: state.shown[0]?.received_at ?? null,
    /** How many events a filter by text has looked through. */
    looked: pages * PAGE,
    loading: first.isPending,
    error: first.error,
    retry: () => void first.refetch(),
    refresh: () => void rest.refetch(),
    hold: () => act({ do: "hold", at: Date.now() }),
    resume: () => act({ do: "resume" }),
    loadOlder,
  };
}

export type Stream = ReturnType<typeof useStream>;
