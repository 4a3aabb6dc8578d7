import { useEffect, useMemo, useRef, type ReactNode } from "react";

import { channels, useChannelNames, type Channel } from "~/channels";
import { useI18n } from "~/i18n";
import { Skeleton, useNow, usePhone } from "~/ui";
import { useFollow, useVirtualRows } from "~/ui/rows";

import { Row } from "./Row";
import type { Customers } from "./useCustomers";
import { sharedCurrency } from "./words";

const ALWAYS: Channel[] = ["site", "telegram", "whatsapp", "email", "sms", "shop", "call"];
const ROW = 40;
const PHONE_ROW = 64;

/** The usual doors, and whatever else the people on the page came in by. */
function useDoors(rows: Customers["rows"]): Channel[] {
  return useMemo(() => {
    const seen = new Set<Channel>(ALWAYS);
    for (const row of rows) for (const door of row.doors) seen.add(door);
    const others = channels.filter((channel) => seen.has(channel) && !ALWAYS.includes(channel));
    return [...ALWAYS, ...others.slice(0, 4)];
  }, [rows]);
}

function Sorter({ list, by, children }: { list: Customers; by: Customers["sort"]; children: ReactNode }) {
  const { t } = useI18n();
  const on = list.sort === by;
  const arrow = by === "name" ? "↑" : "↓";
  return (
    <div role="columnheader" className={`customers-sort-${by}`} aria-sort={on ? (by === "name" ? "ascending" : "descending") : "none"}>
      <button type="button" onClick={() => list.setSort(by)} title={t(by === "name" ? "customers.columns.byName" : "customers.columns.bySeen")}>
        {children} {on && <span aria-hidden="true">{arrow}</span>}
      </button>
    </div>
  );
}

function Head({ list, doors, currency }: { list: Customers; doors: Channel[]; currency: string | null }) {
  const { t, fmt } = useI18n();
  const searching = list.query !== "";
  const { short, title } = useChannelNames();
  return (
    <div role="row" aria-rowindex={1} className="customers-head">
      <Sorter list={list} by="name">
        {t("customers.columns.name")}
      </Sorter>
      <div role="columnheader">{t(searching ? "customers.columns.contactOrMatch" : "customers.columns.contact")}</div>
      <div role="columnheader" className="customers-doors" aria-label={t("customers.columns.doors")}>
        {doors.map((door) => (
          <span key={door} title={title(door)}>
            {short(door)}
          </span>
        ))}
      </div>
      <Sorter list={list} by="last_seen">
        {t("customers.columns.seen")}
      </Sorter>
      <div role="columnheader">{t("customers.columns.city")}</div>
      <div role="columnheader" className="customers-orders">
        {t("customers.columns.orders")}
      </div>
      <div role="columnheader" className="customers-spent">
        {currency ? t("customers.columns.spentIn", { currency: fmt.symbol(currency) }) : t("customers.columns.spent")}
      </div>
    </div>
  );
}

export function Table({ list }: { list: Customers }) {
  const { t } = useI18n();
  const phone = usePhone();
  const now = useNow(30_000);
  const body = useRef<HTMLDivElement>(null);
  const doors = useDoors(list.rows);
  const currency = sharedCurrency(list.rows);
  const size = phone ? PHONE_ROW : ROW;
  const { rows, hasMore } = list;
  const virtual = useVirtualRows(list, size, body);
  const shown = virtual.getVirtualItems();
  useFollow(list, body, (index) => virtual.scrollToIndex(index, { align: "auto" }));
  useEffect(() => {
    if (list.at < 0) body.current?.scrollTo({ top: 0 });
  }, [list.query, list.sort]);
  return (
    <div
      role="table"
      aria-label={t("customers.title")}
      aria-rowcount={(list.head?.total ?? rows.length) + 1}
      aria-busy={list.stale}
      className="customers-table"
      style={{ ["--doors" as string]: doors.length }}
    >
      <Head list={list} doors={doors} currency={currency} />
      <div ref={body} role="rowgroup" className="customers-body" tabIndex={-1}>
        <div className="customers-run" role="presentation" style={{ height: virtual.getTotalSize() + (hasMore ? size * 3 : 16) }}>
          {shown.map(({ index, start }) => {
            const row = rows[index];
            return (
              row && (
                <Row
                  key={row.id}
                  row={row}
                  index={index}
                  top={start}
                  current={index === list.at}
                  picked={list.picked.includes(row.id)}
                  doors={doors}
                  currency={currency}
                  now={now}
                  onPoint={list.setRow}
                  onPick={list.pick}
                />
              )
            );
          })}
          {hasMore && (
            <div className="customers-more" aria-hidden="true" style={{ transform: `translateY(${virtual.getTotalSize()}px)` }}>
              <Skeleton rows={3} height={size} />
            </div>
          )}
        </div>
      </div>
    </div>
  );
}
