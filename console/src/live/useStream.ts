/** The stream's state: events shown, events waiting while it is held, what was rejected, the rate. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useReducer, useRef } from "react";

import { api, type DeadLetter, type LiveEvent, type LivePage, type Rate } from "~/api";
import { useSocketOpens, useTopic } from "~/socket";

import { merge, passes, toItems, type Filter } from "./model";

const PAGE = 200;
const FLUSH_MS = 250;
const REFRESH_MS = 5000;

interface State {
  shown: LiveEvent[];
  waiting: LiveEvent[];
  heldSince: number | null;
  /** No older events are kept by the server. */
  ended: boolean;
}

type Action =
  | { do: "replace"; page: LiveEvent[] }
  | { do: "arrived"; fresh: LiveEvent[] }
  | { do: "older"; page: LiveEvent[] }
  | { do: "hold"; at: number }
  | { do: "resume" };

function reduce(state: State, action: Action): State {
  switch (action.do) {
    case "replace":
      return { ...state, shown: action.page, waiting: [], ended: action.page.length < PAGE };
    case "arrived":
      if (state.heldSince !== null) return { ...state, waiting: merge(action.fresh, state.waiting) };
      return { ...state, shown: merge(action.fresh, state.shown) };
    case "older":
      return { ...state, shown: [...state.shown, ...action.page], ended: action.page.length < PAGE };
    case "hold":
      return state.heldSince === null ? { ...state, heldSince: action.at } : state;
    case "resume":
      return { ...state, shown: merge(state.waiting, state.shown), waiting: [], heldSince: null };
  }
}

function params({ doors, text }: Filter) {
  return { channel: doors.join(","), q: text.trim() };
}

export function useStream(filter: Filter) {
  const [state, act] = useReducer(reduce, { shown: [], waiting: [], heldSince: null, ended: true });
  const opens = useSocketOpens();
  const { channel, q } = params(filter);
  const first = useQuery({
    // A new connection asks again for what was missed while there was none.
    queryKey: ["live", channel, q, opens > 1 ? opens : 1],
    queryFn: ({ signal }) => api.get<LivePage>("/api/live", { params: { limit: PAGE, channel, q }, signal }),
    staleTime: 0,
    gcTime: 0,
  });
  // What was refused does not come over the socket; the newest page brings it, and the rate when nothing flows.
  const refreshed = useQuery({
    queryKey: ["live-rest"],
    queryFn: ({ signal }) => api.get<LivePage>("/api/live", { params: { limit: 1 }, signal }),
    refetchInterval: REFRESH_MS,
    staleTime: 0,
    enabled: first.data !== undefined,
  });
  const page = first.data;
  useEffect(() => {
    if (page) act({ do: "replace", page: page.data });
  }, [page]);

  const latestFilter = useRef(filter);
  useEffect(() => {
    latestFilter.current = filter;
  });
  const buffer = useRef<LiveEvent[]>([]);
  const pushedRate = useRef<Rate | null>(null);
  useTopic("live", (message) => {
    const events = (message["events"] ?? []) as LiveEvent[];
    buffer.current.push(...events);
    pushedRate.current = (message["rate"] as Rate | undefined) ?? pushedRate.current;
  });
  useEffect(() => {
    const timer = setInterval(() => {
      if (buffer.current.length === 0) return;
      const fresh = merge(buffer.current, []).filter((event) => passes(event, latestFilter.current));
      buffer.current = [];
      act({ do: "arrived", fresh });
    }, FLUSH_MS);
    return () => clearInterval(timer);
  }, []);

  const rejected: DeadLetter[] = (refreshed.data ?? page)?.rejected ?? [];
  const items = useMemo(() => toItems(state.shown, rejected, filter), [state.shown, rejected, filter]);
  const loading = useRef(false);
  const oldest = state.shown.at(-1)?.seq;
  return {
    items,
    waiting: state.waiting.length,
    heldSince: state.heldSince,
    rejected: rejected.filter((letter) => letter.state === "open"),
    rate: pushedRate.current ?? (refreshed.data ?? page)?.rate ?? null,
    newest: state.shown[0]?.received_at ?? null,
    total: state.shown.length,
    loading: first.isPending,
    error: first.error,
    retry: () => void first.refetch(),
    refresh: () => void refreshed.refetch(),
    hold: () => act({ do: "hold", at: Date.now() }),
    resume: () => act({ do: "resume" }),
    loadOlder: () => {
      if (loading.current || state.ended || !oldest || filter.rejected) return;
      loading.current = true;
      void api
        .get<LivePage>("/api/live", { params: { limit: PAGE, before: oldest, channel, q } })
        .then((older) => act({ do: "older", page: older.data }))
        .finally(() => (loading.current = false));
    },
  };
}

export type Stream = ReturnType<typeof useStream>;
