/** Which row is selected and which event is open. Rows are known by key, never by place. */

import { useCallback, useEffect, useMemo, useState } from "react";

import type { EventRow, Join } from "./model/types";
import type { ChangeSearch, CustomerSearch } from "./model/url";
import type { Row } from "./thread/rows";
import type { Thread } from "./thread/useThread";

/** An address may name an old event: so many pages are asked for to find it. */
const SEARCH_PAGES = 40;

export interface Selection {
  selected: string | null;
  reveal: number;
  select: (key: string | null) => void;
  move: (by: 1 | -1) => void;
  open: () => void;
  openKey: (key: string) => void;
  event: EventRow | null;
  group: EventRow[];
  join: Join | null;
  /** Nodes that the selected row names. */
  nodes: string[];
}

function holds(row: Row, messageId: string): boolean {
  return row.kind === "act" && (row.group.head.message_id === messageId || row.group.rest.some((event) => event.message_id === messageId));
}

/** Where J begins when nothing is selected: at what the reader sees, not far above it. */
function firstInSight(): string | null {
  const top = document.querySelector(".cu-scroll")?.getBoundingClientRect().top ?? 0;
  const rows = [...document.querySelectorAll<HTMLElement>(".cu-scroll [data-key]")];
  return rows.find((row) => row.getBoundingClientRect().top >= top)?.dataset["key"] ?? null;
}

export function useSelection(thread: Thread, search: CustomerSearch, change: ChangeSearch): Selection {
  const { rows, events, query } = thread;
  const [selected, setSelected] = useState<string | null>(null);
  const [reveal, setReveal] = useState(0);
  const wanted = search.event;
  const event = useMemo(() => (wanted ? (events.find((one) => one.message_id === wanted) ?? null) : null), [events, wanted]);
  const row = useMemo(() => rows.find((one) => one.key === selected), [rows, selected]);

  // Opened by its address, or from the evidence: find the row, loading older pages as far as needed.
  useEffect(() => {
    if (!wanted) return;
    const found = rows.find((one) => holds(one, wanted));
    if (found) {
      setSelected((now) => {
        if (now !== found.key) setReveal((n) => n + 1);
        return found.key;
      });
    } else if (query.hasNextPage && !query.isFetchingNextPage && (query.data?.pages.length ?? 0) < SEARCH_PAGES) void query.fetchNextPage();
  }, [wanted, rows, query]);

  const select = useCallback((key: string | null) => setSelected(key), []);
  const openKey = useCallback(
    (key: string) => {
      setSelected(key);
      change({ event: key });
    },
    [change],
  );
  const move = (by: 1 | -1) => {
    const ties = rows.filter((one) => one.kind === "act" || one.kind === "join");
    const begin = selected ?? firstInSight();
    const at = ties.findIndex((one) => one.key === begin);
    const next = ties[at < 0 || selected === null ? Math.max(0, at) : Math.min(ties.length - 1, Math.max(0, at + by))];
    if (!next) return;
    setSelected(next.key);
    setReveal((n) => n + 1);
    if (search.event) change({ event: next.kind === "act" ? next.key : undefined });
  };
  const open = () => {
    if (row?.kind === "act") change({ event: row.key });
  };
  const join = row?.kind === "join" ? row.join : null;
  const group = event && row?.kind === "act" && holds(row, event.message_id) ? [row.group.head, ...row.group.rest] : event ? [event] : [];
  const nodes = join ? [join.b.node_id] : row?.kind === "act" ? [row.group.head.node_id] : [];
  return { selected, reveal, select, move, open, openKey, event, group, join, nodes };
}
