import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";

import { useI18n } from "~/i18n";
import { Skeleton, useNow, usePhone } from "~/ui";

import type { Message } from "./model";
import { Row } from "./Row";
import type { Messages } from "./useMessages";
import { useSays } from "./words";

const ROW = 52;
const PHONE_ROW = 104;

export function List({ list, mayCancel, onCancel }: { list: Messages; mayCancel: boolean; onCancel: (message: Message) => void }) {
  const { t } = useI18n();
  const says = useSays();
  const phone = usePhone();
  const now = useNow(30_000);
  const body = useRef<HTMLDivElement>(null);
  const size = phone ? PHONE_ROW : ROW;
  const { rows, hasMore, loadMore, at } = list;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => body.current,
    estimateSize: () => size,
    overscan: 6,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && last >= rows.length - 20) loadMore();
  }, [hasMore, last, rows.length, loadMore]);
  useEffect(() => virtual.measure(), [size, virtual]);
  const id = list.current?.id ?? null;
  useEffect(() => {
    if (at < 0) return;
    virtual.scrollToIndex(at, { align: "auto" });
    const inside = body.current?.contains(document.activeElement);
    if (!inside || !id) return;
    const frame = requestAnimationFrame(() => body.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"] a`)?.focus({ preventScroll: true }));
    return () => cancelAnimationFrame(frame);
    // Only when the row changes, not when the list grows around it.
  }, [id]);
  const heads = ["when", "channel", "who", "what", "became", "cost"] as const;
  return (
    <div role="table" aria-label={t("messages.title")} aria-rowcount={hasMore ? -1 : rows.length + 1} aria-busy={list.stale} className="msg-table">
      <div role="rowgroup" className="msg-heads">
        <div role="row" className="msg-head">
          {heads.map((head) => (
            <div key={head} role="columnheader" className={`msg-${head}`}>
              {t(`messages.columns.${head}`)}
            </div>
          ))}
        </div>
      </div>
      <div ref={body} role="rowgroup" className="msg-body" tabIndex={-1}>
        <div role="presentation" className="msg-run" style={{ height: virtual.getTotalSize() + (hasMore ? size * 3 : 16) }}>
          {shown.map(({ index, start }) => {
            const message = rows[index];
            return (
              message && (
                <Row
                  key={message.id}
                  message={message}
                  index={index}
                  top={start}
                  current={index === at}
                  says={says}
                  now={now}
                  mayCancel={mayCancel}
                  onPoint={list.setRow}
                  onCancel={onCancel}
                />
              )
            );
          })}
          {hasMore && (
            <div className="msg-more" aria-hidden="true" style={{ transform: `translateY(${virtual.getTotalSize()}px)` }}>
              <Skeleton rows={3} height={size} />
            </div>
          )}
        </div>
      </div>
    </div>
  );
}
