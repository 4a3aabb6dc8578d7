/** The list's state: its filters and the current row, all of them in the address. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";

import { api, type Page } from "~/api";

import { useSocketState } from "~/socket";

import { moves, type Message } from "./model";
import { useTold } from "./useTold";

const PAGE = 60;
/** Without a socket, which tells at once. */
const FOLLOW_MS = 3_000;
/** Further down, rows must not move away under the reader. */
const FOLLOWED_PAGES = 2;

export interface Filters {
  to?: string | undefined;
  state?: string | undefined;
  channel?: string | undefined;
  purpose?: string | undefined;
  class?: string | undefined;
  rule?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
}

/** A day of the address is a day where the reader is. */
function dayStart(day: string | undefined, plus = 0): string | undefined {
  const [year, month, date] = (day ?? "").split("-").map(Number);
  if (!year || !month || !date) return undefined;
  const at = new Date(year, month - 1, date + plus);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

export function useMessages() {
  const { row, ...filters } = useSearch({ from: "/messages" });
  const navigate = useNavigate({ from: "/messages" });
  const { since, until, ...rest } = filters;
  const params = { ...rest, since: dayStart(since), until: dayStart(until, 1) };
  const away = useSocketState().kind !== "open";
  const found = useInfiniteQuery({
    queryKey: ["messages", params],
    queryFn: ({ pageParam, signal }) => api.get<Page<Message>>("/api/messages", { params: { ...params, limit: PAGE, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) => (away && (data?.pages.length ?? 0) <= FOLLOWED_PAGES && data?.pages.some((page) => page.data.some(moves)) ? FOLLOW_MS : false),
  });
  const person = rest.to?.match(/^profile:(\d+)$/)?.[1];
  useTold((found.data?.pages.length ?? 0) <= FOLLOWED_PAGES ? (person ? `messages:${person}` : "messages") : null, found);
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.data) ?? [], [found.data]);
  const change = useCallback((by: Filters & { row?: string | undefined }) => void navigate({ search: (was) => ({ ...was, ...by }), replace: true }), [navigate]);
  const at = rows.findIndex((one) => one.id === row);
  return {
    filters: filters as Filters,
    filtered: Object.values(filters).some(Boolean),
    change,
    clear: () => void navigate({ search: {}, replace: true }),
    rows,
    at,
    current: rows[at],
    setRow: (id: string) => change({ row: id }),
    move: (step: number) => {
      const next = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + step))];
      if (next) change({ row: next.id });
    },
    error: found.error,
    loading: found.isPending,
    stale: found.isPlaceholderData,
    hasMore: found.hasNextPage,
    loadMore: () => {
      if (found.hasNextPage && !found.isFetchingNextPage) void found.fetchNextPage();
    },
    retry: () => void found.refetch(),
  };
}

export type Messages = ReturnType<typeof useMessages>;
