/** The thread itself: only the rows in sight are in the document, newest on top. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef, type CSSProperties, type ReactNode } from "react";

import { useI18n } from "~/i18n";
import { Button, Skeleton } from "~/ui";

import { ActRow } from "./ActRow";
import { measures, ROW } from "./geometry";
import { JoinRow, type JoinActions } from "./JoinRow";
import { Lines } from "./Lines";
import type { Row } from "./rows";
import type { Thread as Loaded } from "./useThread";

interface ThreadProps {
  thread: Loaded;
  name: string;
  firstName: string | null;
  /** The language the customer writes in, for quotation marks and for reading aloud. */
  speaks: string | null;
  devices: Map<string, string>;
  phone: boolean;
  past: boolean;
  selected: string | null;
  /** Grows each time the selected row must be brought into sight. */
  reveal: number;
  onSelect: (key: string) => void;
  onOpen: (key: string) => void;
  onScrolled: (fromTop: boolean) => void;
  actions: JoinActions;
  /** What to show when there are no rows. */
  nothing: ReactNode;
  beginning: string;
  now: number;
}

export function estimate(row: Row, phone: boolean): number {
  const more = phone ? 24 : 0;
  if (row.kind === "day") return row.first ? ROW.firstDay : ROW.day + (phone ? 8 : 0);
  if (row.kind === "act") return ROW.act + more;
  if (row.kind === "join") return ROW.join + (phone ? 4 : 0);
  return ROW.end;
}

export function Thread(props: ThreadProps) {
  const { thread, phone, selected, reveal, onScrolled } = props;
  const { rows, query, strands } = thread;
  const { t } = useI18n();
  const scroller = useRef<HTMLDivElement>(null);
  const place = useMemo(() => measures(strands.laneCount, phone), [strands.laneCount, phone]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimate(rows[index] as Row, phone),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 8,
  });
  const items = virtual.getVirtualItems();
  const lastSeen = items.at(-1)?.index ?? 0;

  useEffect(() => {
    if (lastSeen >= rows.length - 20 && query.hasNextPage && !query.isFetchingNextPage && !query.isFetchNextPageError) void query.fetchNextPage();
  }, [lastSeen, rows.length, query]);

  const at = selected === null ? -1 : rows.findIndex((row) => row.key === selected);
  useLayoutEffect(() => {
    if (at < 0 || reveal === 0) return;
    virtual.scrollToIndex(at, { align: "auto" });
    // At once where the row is there already: an Enter that follows must open this row, not the one before.
    if (focusRow(scroller.current, selected)) return;
    const frame = requestAnimationFrame(() => focusRow(scroller.current, selected));
    return () => cancelAnimationFrame(frame);
    // Only a wish to reveal moves the list; new rows must not.
  }, [reveal]);

  if (query.isPending) return <Skeleton rows={14} height={28} />;
  if (rows.length === 0) return <div className="cu-nothing">{props.nothing}</div>;
  return (
    <div className="cu-scroll" ref={scroller} tabIndex={0} role="region" aria-label={t("customer.thread.label", { name: props.name })}
      onScroll={(event) => onScrolled(event.currentTarget.scrollTop > 40)}>
      <div className="cu-rows" role="list" style={{ height: virtual.getTotalSize(), "--cu-text-x": `${place.textX}px` } as CSSProperties}>
        {items.map((item) => {
          const row = rows[item.index] as Row;
          return (
            <div key={item.key} ref={virtual.measureElement} data-index={item.index} role="listitem" aria-setsize={query.hasNextPage ? -1 : rows.length}
              aria-posinset={item.index + 1} className="cu-item" style={{ transform: `translateY(${item.start}px)` }}>
              <OneRow {...props} row={row} place={place} top={item.index === 0} />
            </div>
          );
        })}
      </div>
      {query.isFetchingNextPage && <p className="cu-more" role="status">{t("customer.thread.loading")}</p>}
      {query.isFetchNextPageError && (
        <p className="cu-more" role="alert">
          {t("customer.thread.failed")} <Button kind="text" onClick={() => void query.fetchNextPage()}>{t("customer.states.retry")}</Button>
        </p>
      )}
    </div>
  );
}

function focusRow(scroller: HTMLElement | null, key: string | null): boolean {
  const told = scroller?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key ?? "")}"]`);
  told?.focus({ preventScroll: true });
  return Boolean(told);
}

function OneRow(props: ThreadProps & { row: Row; place: ReturnType<typeof measures>; top: boolean }) {
  const { row, place, selected, past } = props;
  const { fmt } = useI18n();
  if (row.kind === "day") {
    return (
      <div className={`cu-row cu-day ${row.first ? "cu-day-first" : ""}`}>
        <Lines pieces={row.pieces} place={place} knot={null} capped={past && props.top} />
        <h3>{fmt.dayHeading(row.ms, props.now)}</h3>
      </div>
    );
  }
  if (row.kind === "end") {
    return (
      <div className="cu-row cu-end">
        <p>{props.beginning}</p>
      </div>
    );
  }
  if (row.kind === "act") return <ActRow row={row} place={place} selected={selected === row.key} firstName={props.firstName} speaks={props.speaks} onOpen={props.onOpen} />;
  return (
    <JoinRow row={row} place={place} selected={selected === row.key} devices={props.devices} actions={props.actions} onSelect={props.onSelect} />
  );
}
