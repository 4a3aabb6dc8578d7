/** One row of the thread that tells what happened. */

import { memo } from "react";

import { asChannel, Knot, useChannelNames } from "~/channels";
import { useI18n } from "~/i18n";

import { whereText } from "../model/labels";
import { spanText } from "../model/span";
import { tell, type Word } from "../tell/tell";
import type { Measures } from "./geometry";
import { Lines } from "./Lines";
import type { ActRow as Row } from "./rows";

interface ActRowProps {
  row: Row;
  place: Measures;
  selected: boolean;
  firstName: string | null;
  speaks: string | null;
  onOpen: (key: string) => void;
}

/** Drawn again only when its own row changes: a press of J must not tell thirty events anew. */
export const ActRow = memo(function ActRow({ row, place, selected, firstName, speaks, onOpen }: ActRowProps) {
  const i18n = useI18n();
  const { t, fmt } = i18n;
  const names = useChannelNames();
  const { head, rest } = row.group;
  const told = tell(head, { ...i18n, firstName, speaks });
  const channel = asChannel(head.channel);
  const state = t(told.ours ? "customer.thread.actsWe" : "customer.thread.actsThey", { what: "", door: names.name(channel) });
  return (
    <div className={`cu-row cu-act ${selected ? "cu-selected" : ""} ${row.last ? "cu-last" : ""}`}>
      <Lines pieces={row.pieces} place={place} knot={row.lane} />
      <span className="cu-knot" style={{ left: place.laneX + row.lane * place.gap - 9 }}>
        <Knot channel={channel} kind={told.ours ? "ours" : "acted"} />
      </span>
      <time className="cu-time" dateTime={head.occurred_at}>
        {fmt.time(head.occurred_at)}
      </time>
      <button type="button" className="cu-told" data-key={row.key} aria-current={selected ? "true" : undefined} onClick={() => onOpen(row.key)}>
        <span className="cu-first">
          <span className="cu-what">
            <b>{told.title}</b>
            <span className="seen-by-readers">{state}</span>
            {told.words.map((word, at) => (
              <Said key={at} word={word} />
            ))}
            {rest.length > 0 && <span className="cu-quiet">{foldText(row, i18n)}</span>}
            {row.late > 0 && <span className="cu-quiet">{t("customer.thread.late", { time: spanText(row.late, fmt.locale, fmt.language) })}</span>}
          </span>
          <span className="cu-where">{whereText(head, i18n)}</span>
        </span>
        {told.second && <span className="cu-second">{told.second}</span>}
      </button>
    </div>
  );
});

function foldText(row: Row, { t, fmt }: Pick<ReturnType<typeof useI18n>, "t" | "fmt">): string {
  const { head, rest } = row.group;
  const oldest = rest.at(-1) ?? head;
  const took = Date.parse(head.occurred_at) - Date.parse(oldest.occurred_at);
  if (took < 60_000) return t("customer.tell.more_views_at_once", { n: rest.length });
  return t("customer.tell.more_views", { n: rest.length, time: fmt.duration(Math.round(took / 60_000) * 60_000) });
}

/** What customers wrote comes from outside: it is only ever text. `dir` keeps a right-to-left name from turning the row around. */
function Said({ word }: { word: Word }) {
  return (
    <>
      {" "}
      <bdi className={`cu-${word.tone}`} lang={word.lang}>
        {word.text}
      </bdi>
    </>
  );
}
