/** Long lists: only the rows in view are drawn, more are fetched before the end, and the current one stays in view. */
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type RefObject } from "react";

interface Rows {
  rows: { id: string }[];
  hasMore: boolean;
  loadMore: () => void;
}

export function useVirtualRows({ rows, hasMore, loadMore }: Rows, size: number, body: RefObject<HTMLDivElement | null>) {
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => body.current,
    estimateSize: () => size,
    overscan: 6,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const last = virtual.getVirtualItems().at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - 20) loadMore();
  }, [hasMore, last, rows.length, loadMore]);
  useEffect(() => virtual.measure(), [size, virtual]);
  return virtual;
}

/** Keeps the current row in view, and takes the focus along when it is in the list already. */
export function useFollow({ at, current }: { at: number; current?: { id: string } | null }, body: RefObject<HTMLDivElement | null>, scrollTo: (index: number) => void) {
  const first = useRef(true);
  useEffect(() => {
    if (at < 0) return;
    scrollTo(at);
    const inList = body.current?.contains(document.activeElement) || document.activeElement === document.body;
    if (!inList || first.current) {
      first.current = false;
      return;
    }
    const id = current?.id ?? "";
    const frame = requestAnimationFrame(() => body.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"] a`)?.focus({ preventScroll: true }));
    return () => cancelAnimationFrame(frame);
    // Only when the row changes, not when the list grows around it.
  }, [current?.id]);
}
