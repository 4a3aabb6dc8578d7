import { Link } from "@tanstack/react-router";
import { memo } from "react";

import type { CustomerRow } from "~/api";
import { channelColour, Glyph, useChannelNames, type Channel, type Span } from "~/channels";
import { useI18n, type Format } from "~/i18n";

import { contactSpans, displayName, nameSpans } from "./words";

interface RowProps {
  row: CustomerRow;
  index: number;
  top: number;
  current: boolean;
  picked: boolean;
  doors: Channel[];
  currency: string | null;
  now: number;
  onPoint: (id: string) => void;
  onPick: (id: string) => void;
}

function Spans({ spans }: { spans: Span[] }) {
  return spans.map((span, index) => (span.hit ? <mark key={index}>{span.text}</mark> : <span key={index}>{span.text}</span>));
}

function LastSeen({ row, now }: { row: CustomerRow; now: number }) {
  const { fmt } = useI18n();
  const { name } = useChannelNames();
  return (
    <>
      {row.last_channel && <b style={{ color: channelColour(row.last_channel) }}>{name(row.last_channel)} </b>}
      {row.last_seen_at && <time dateTime={row.last_seen_at}>{fmt.ago(row.last_seen_at, now)}</time>}
    </>
  );
}

function Pick({ row, picked, onPick }: Pick<RowProps, "row" | "picked" | "onPick">) {
  const { t, has } = useI18n();
  return (
    <label className="customers-pick" title={t("customers.keys.selectLong")}>
      <input
        type="checkbox"
        tabIndex={-1}
        checked={picked}
        onChange={() => onPick(row.id)}
        aria-label={t("customers.select", { name: displayName(row, { t, has }) })}
      />
    </label>
  );
}

/** Who has no orders has spent nothing, which is a sum and no gap; its currency is that of the column, if it has one. */
function spentText({ spent_minor, currency: own }: CustomerRow, shared: string | null, counted: boolean, fmt: Format): string {
  if (spent_minor === null || own === null) return counted ? (shared ? fmt.amount(0, shared) : fmt.number(0, 2)) : "";
  return shared ? fmt.amount(spent_minor, own) : fmt.money(spent_minor, own);
}

/** One person: 40 px and eight columns at a desk, two lines in the hand. */
export const Row = memo(function Row(props: RowProps) {
  const { row, index, top, current, picked, doors, currency, now, onPoint, onPick } = props;
  const { t, has, fmt } = useI18n();
  const { name } = useChannelNames();
  const counted = row.orders !== null && (row.orders > 0 || row.name !== null);
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-current={current || undefined}
      data-row={row.id}
      className={`customers-row ${picked ? "customers-picked" : ""}`}
      style={{ transform: `translateY(${top}px)` }}
      onPointerDown={() => onPoint(row.id)}
    >
      <div role="cell" className="customers-name">
        <Pick row={row} picked={picked} onPick={onPick} />
        <Link
          to="/customers/$ref"
          params={{ ref: `profile:${row.id}` }}
          className={`cut ${row.name ? "customers-named" : "quiet"}`}
          onFocus={() => onPoint(row.id)}
          preload={false}
        >
          <Spans spans={nameSpans(row, { t, has })} />
        </Link>
      </div>
      <div role="cell" className="customers-contact cut">
        <Spans spans={contactSpans(row, { t, has })} />
      </div>
      <div role="cell" className="customers-doors">
        {doors.map((door) =>
          row.doors.includes(door) ? <Glyph key={door} channel={door} size={16} label={name(door)} /> : <i key={door} className="customers-nodoor" />,
        )}
      </div>
      <div role="cell" className="customers-seen cut">
        <LastSeen row={row} now={now} />
      </div>
      <div role="cell" className="customers-city cut">
        {row.city}
      </div>
      <div role="cell" className="customers-orders">
        {counted && fmt.number(row.orders ?? 0)}
      </div>
      <div role="cell" className="customers-spent">
        {spentText(row, currency, counted, fmt)}
      </div>
    </div>
  );
});
