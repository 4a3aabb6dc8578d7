/** The stream's state: events shown, events waiting while it is held, what was rejected, the rate. */
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useReducer, useRef } from "react";

import { api, type DeadLetter, type LiveEvent, type LivePage } from "~/api";
import { useSocketOpens, useTopic } from "~/socket";

import { merge, newestFirst, passes, toItems, type Filter } from "./model";

const PAGE = 200;
const FLUSH_MS = 250;
const REFRESH_MS = 5000;
/** With a filter the page goes on by itself until so many events passed, or so many answers in a row held none. */
const ENOUGH = 40;
const BARREN = 10;
/** So many of the newest come along with each look at the rate; they mend what the socket let slip. */
const MENDING = 50;

interface State {
  shown: LiveEvent[];
  waiting: LiveEvent[];
  heldSince: number | null;
  /** What the server was asked for: doors and text. */
  asked: string | null;
  /** Which question of this page that is. */
  question: number;
  /** Where older events begin; null where the server keeps none. */
  cursor: string | null;
  /** Of all events that the server looked through, whether they passed the filter or not. */
  looked: number;
  /** How many answers in a row held nothing. */
  barren: number;
}

type Action =
  /** Of the question asked before, what stands here stays. */
  | { do: "replace"; page: LivePage; asked: string }
  | { do: "arrived"; fresh: LiveEvent[] }
  | { do: "older"; page: LivePage; question: number; cursor: string }
  | { do: "failed"; question: number }
  | { do: "further" }
  | { do: "hold"; at: number }
  | { do: "resume" };

const START: State = { shown: [], waiting: [], heldSince: null, asked: null, question: 0, cursor: null, looked: 0, barren: 0 };

function reduce(state: State, action: Action): State {
  switch (action.do) {
    case "replace": {
      const { data, next_cursor, looked } = action.page;
      if (action.asked !== state.asked) return { ...state, shown: data, waiting: [], asked: action.asked, question: state.question + 1, cursor: next_cursor, looked, barren: data.length > 0 ? 0 : 1 };
      if (state.heldSince === null) return { ...state, shown: merge(data, state.shown) };
      const newest = state.shown[0]?.seq ?? 0;
      return { ...state, waiting: merge(data.filter((event) => event.seq > newest), state.waiting) };
    }
    case "older": {
      // It answers a question that nobody asks any more, or one that was answered.
      if (action.question !== state.question || action.cursor !== state.cursor) return state;
      const { data, next_cursor, looked } = action.page;
      return { ...state, shown: [...state.shown, ...data], cursor: next_cursor, looked: state.looked + looked, barren: data.length > 0 ? 0 : state.barren + 1 };
    }
    case "failed":
      return action.question === state.question ? { ...state, barren: BARREN } : state;
    case "further":
      return { ...state, barren: 0 };
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
  const q = filter.text.trim();
  const asked = `${channel}\n${q}`;
  const first = useQuery({
    // Each connection asks again, for what came between the page and the socket, or while there was none.
    queryKey: ["live", channel, q, opens],
    queryFn: ({ signal }) => api.get<LivePage>("/api/live", { params: { limit: PAGE, channel, q }, signal }),
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
  const page = first.isPlaceholderData ? undefined : first.data;
  useEffect(() => {
    if (page) act({ do: "replace", page, asked });
  }, [page]);
  const arrive = (events: LiveEvent[]) => act({ do: "arrived", fresh: events.filter((event) => passes(event, filter)).sort(newestFirst) });
  useArrivals(arrive);
  const newestPage = rest.data?.data;
  useEffect(() => {
    if (newestPage && newestPage.length > 0) arrive(newestPage);
  }, [newestPage]);

  const loading = useRef<string | null>(null);
  const { cursor, barren, question } = state;
  const sifting = q !== "" || channel !== "";
  const stopped = cursor !== null && barren >= BARREN;
  const loadOlder = () => {
    const wanted = `${question} ${cursor}`;
    if (loading.current === wanted || asked !== state.asked || cursor === null || stopped || filter.rejected) return;
    // It stays so when the answer has come: until the page is drawn with it, the list would ask for the same once more.
    loading.current = wanted;
    void api.get<LivePage>("/api/live", { params: { limit: PAGE, cursor, channel, q } }).then(
      (page) => act({ do: "older", page, question, cursor }),
      () => {
        if (loading.current === wanted) loading.current = null;
        act({ do: "failed", question });
      },
    );
  };
  useEffect(() => {
    if (sifting && state.shown.length < ENOUGH) loadOlder();
  }, [sifting, cursor, barren, question]);

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
    /** How many events the filter has looked through. */
    looked: state.looked,
    /** Looking back has stopped; older events are there. */
    stopped: stopped && sifting && !filter.rejected,
    further: () => act({ do: "further" }),
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
