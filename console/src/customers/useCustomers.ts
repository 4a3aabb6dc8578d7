/** The list's state: the search, the current row and the selection, all of them in the address. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";

import { searchCustomers, type CustomerRow, type CustomerSort } from "~/api";
import { useDebounced } from "~/ui";

const PAGE = 60;
const TYPING_MS = 120;
const ADDRESS_MS = 250;

export function useCustomers() {
  const search = useSearch({ from: "/customers" });
  const navigate = useNavigate({ from: "/customers" });
  const router = useRouter();
  const [text, setText] = useState(search.q ?? "");
  const [row, setRow] = useState(search.row ?? null);
  const [sort, setSort] = useState<CustomerSort>(search.sort === "name" ? "name" : "last_seen");
  const [picked, setPicked] = useState<string[]>(() => (search.x ?? "").split(",").filter(Boolean));
  const query = useDebounced(text.trim(), TYPING_MS);

  const found = useInfiniteQuery({
    queryKey: ["customers", query, sort],
    queryFn: ({ pageParam, signal }) => searchCustomers(query, { limit: PAGE, cursor: pageParam, sort, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    placeholderData: keepPreviousData,
  });
  const rows = useMemo(() => found.data?.pages.flatMap((page) => page.data) ?? [], [found.data]);
  const head = found.data?.pages[0];

  const address = useDebounced([query, sort === "name" ? sort : "", row ?? "", picked.join(",")].join("\n"), ADDRESS_MS);
  useEffect(() => {
    if (router.latestLocation.pathname !== "/customers") return; // on the way to another page already: do not call it back
    const [q, order, at, x] = address.split("\n");
    void navigate({ search: { q: q || undefined, sort: order || undefined, row: at || undefined, x: x || undefined }, replace: true });
  }, [address, navigate, router]);

  // The address changed by another hand: the palette, a link, the way back.
  useEffect(() => {
    if ((search.q ?? "") !== query) setText(search.q ?? "");
  }, [search.q]);

  const at = rows.findIndex((one) => one.id === row);
  const move = (step: number): CustomerRow | undefined => {
    const next = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + step))];
    if (next) setRow(next.id);
    return next;
  };
  /** At most two: a third takes the place of the one selected first. */
  const pick = (id: string) => setPicked((before) => (before.includes(id) ? before.filter((one) => one !== id) : [...before.slice(-1), id]));

  return {
    text,
    setText,
    query,
    sort,
    setSort,
    rows,
    head,
    at,
    current: rows[at],
    setRow,
    move,
    picked,
    pick,
    clearPicked: () => setPicked([]),
    error: found.error,
    loading: found.isPending,
    stale: found.isPlaceholderData || query !== text.trim(),
    hasMore: found.hasNextPage,
    loadMore: () => {
      if (found.hasNextPage && !found.isFetchingNextPage) void found.fetchNextPage();
    },
    retry: () => void found.refetch(),
  };
}

export type Customers = ReturnType<typeof useCustomers>;
