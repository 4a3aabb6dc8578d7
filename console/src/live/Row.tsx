import { memo } from "react";

import type { DeadLetter, LiveEvent } from "~/api";
import { Knot, sourceText, useChannelNames } from "~/channels";
import type { Word } from "~/customer/tell/tell";
import { useI18n } from "~/i18n";

import { between, nameOfRejected, type Item } from "./model";
import { eventTitle, knotKind, tellEvent, whoText } from "./words";

interface RowProps {
  item: Item;
  top: number;
  current: boolean;
  onPoint: (key: string) => void;
  onReplay: (letter: DeadLetter) => void;
}

export function Words({ words }: { words: Word[] }) {
  return words.map((word, index) => (
    <span key={index} className={word.tone === "quiet" ? "quiet" : word.tone === "strong" ? "live-strong" : undefined} lang={word.lang}>
      {index > 0 && " "}
      {word.text}
    </span>
  ));
}

function EventCells({ event }: { event: LiveEvent }) {
  const voice = useI18n();
  const { name } = useChannelNames();
  const told = tellEvent(event, voice);
  const who = whoText(event, voice);
  const spent = between(event.received_at, event.linked_at);
  return (
    <>
      <span className="live-knot">
        <Knot channel={event.channel} kind={knotKind(event)} />
        <span className="seen-by-readers">{name(event.channel)}</span>
      </span>
      <span className={`live-who cut ${who.named ? "live-named" : "quiet"}`}>{who.text}</span>
      <span className="live-told">
        <span className="live-event cut">{told.title}</span>
        <span className="live-what cut">
          <Words words={told.words} />
        </span>
      </span>
      <span className="live-door cut">{sourceText(event.source, voice)}</span>
      <span className="live-linked">{spent === null ? voice.t("live.notLinked") : voice.fmt.milliseconds(Math.max(0, spent))}</span>
    </>
  );
}

function RejectedCells({ letter }: { letter: DeadLetter }) {
  const voice = useI18n();
  return (
    <>
      <span className="live-knot">
        <Knot channel="api" kind="rejected" />
      </span>
      <span className="live-who cut alarm">{voice.t("live.notStored")}</span>
      <span className="live-told">
        <span className="live-event cut">{eventTitle(nameOfRejected(letter), voice)}</span>
        <span className="live-what cut alarm">{letter.reason}</span>
      </span>
      <span className="live-door cut">{sourceText(letter.source, voice)}</span>
      <span className="live-linked" />
    </>
  );
}

/** One event on the line; a button, so that a tap, a click and a screen reader all reach it. */
export const Row = memo(function Row({ item, top, current, onPoint, onReplay }: RowProps) {
  const { t, fmt } = useI18n();
  return (
    <div role="listitem" className={`live-row ${item.kind === "rejected" ? "live-row-refused" : ""}`} data-key={item.key} data-current={current || undefined} style={{ transform: `translateY(${top}px)` }}>
      <button type="button" className="live-cells" aria-pressed={current} data-page-keys={current || undefined} onClick={() => onPoint(item.key)}>
        <time dateTime={item.at}>{fmt.timeSeconds(item.at)}</time>
        {item.kind === "event" ? <EventCells event={item.event} /> : <RejectedCells letter={item.letter} />}
      </button>
      {item.kind === "rejected" && (
        <button type="button" className="button-text live-replay" onClick={() => onReplay(item.letter)}>
          {t("live.replay")}
        </button>
      )}
    </div>
  );
});
