import { useRef } from "react";

import { useI18n } from "~/i18n";
import { Skeleton, useNow, usePhone } from "~/ui";
import { useFollow, useVirtualRows } from "~/ui/rows";

import type { Message } from "./model";
import { Row } from "./Row";
import type { Messages } from "./useMessages";
import { useSays } from "./words";

const ROW = 52;
const PHONE_ROW = 128;

export function List({ list, mayCancel, onCancel }: { list: Messages; mayCancel: boolean; onCancel: (message: Message) => void }) {
  const { t } = useI18n();
  const says = useSays();
  const phone = usePhone();
  const now = useNow(30_000);
  const body = useRef<HTMLDivElement>(null);
  const size = phone ? PHONE_ROW : ROW;
  const { rows, hasMore, at } = list;
  const virtual = useVirtualRows(list, size, body);
  const shown = virtual.getVirtualItems();
  useFollow(list, body, (index) => virtual.scrollToIndex(index, { align: "auto" }));
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
