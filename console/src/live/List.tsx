import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type ReactNode } from "react";

import type { DeadLetter } from "~/api";
import { useI18n } from "~/i18n";
import { usePhone } from "~/ui";

import type { Item } from "./model";
import { Row } from "./Row";

interface ListProps {
  items: Item[];
  at: number;
  /** Grows when the page wants the list back at its top. */
  toTop: number;
  onPoint: (key: string) => void;
  onReplay: (letter: DeadLetter) => void;
  onScrolled: (away: boolean) => void;
  loadOlder: () => void;
  foot: ReactNode;
}

const ROW = 32;
const PHONE_ROW = 56;
/** On a phone the reason of a refusal may take three lines, as the longest of ours does. */
const PHONE_REFUSED = 96;

export function List({ items, at, toTop, onPoint, onReplay, onScrolled, loadOlder, foot }: ListProps) {
  const { t } = useI18n();
  const phone = usePhone();
  const size = phone ? PHONE_ROW : ROW;
  const body = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => body.current,
    estimateSize: (index) => (phone && items[index]?.kind === "rejected" ? PHONE_REFUSED : size),
    overscan: 4,
    getItemKey: (index) => items[index]?.key ?? index,
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => virtual.measure(), [size, virtual]);
  useEffect(() => {
    if (items.length > 0 && last >= items.length - 12) loadOlder();
  }, [last, items.length, loadOlder]);
  useEffect(() => {
    if (toTop > 0) body.current?.scrollTo({ top: 0 });
  }, [toTop]);
  const current = items[at]?.key;
  useEffect(() => {
    if (at < 0) return;
    virtual.scrollToIndex(at, { align: "auto" });
    if (!body.current?.contains(document.activeElement)) return;
    const frame = requestAnimationFrame(() =>
      body.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(current ?? "")}"] button`)?.focus({ preventScroll: true }),
    );
    return () => cancelAnimationFrame(frame);
    // Follows the selected event, not its place, which moves as others arrive.
  }, [current]);
  return (
    <div className="live-list">
      <div className="live-head" aria-hidden="true">
        <span>{t("live.columns.received")}</span>
        <span />
        <span>{t("live.columns.event")}</span>
        <span>{t("live.columns.who")}</span>
        <span>{t("live.columns.what")}</span>
        <span>{t("live.columns.door")}</span>
        <span className="live-linked">{t("live.columns.linked")}</span>
      </div>
      <div ref={body} className="live-body" role="list" aria-label={t("live.list")} onScroll={(event) => onScrolled(event.currentTarget.scrollTop > size / 2)}>
        <div className="live-run" role="presentation" style={{ height: virtual.getTotalSize() }}>
          {shown.map(({ index, start }) => {
            const item = items[index];
            return item && <Row key={item.key} item={item} top={start} current={index === at} onPoint={onPoint} onReplay={onReplay} />;
          })}
        </div>
      </div>
      {foot}
    </div>
  );
}
