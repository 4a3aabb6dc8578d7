/** One message or one silence: 52 px and six columns at a desk, three lines in the hand. */
import { Link } from "@tanstack/react-router";
import { memo } from "react";

import { channelColour, Glyph } from "~/channels";
import { Button } from "~/ui";

import { alarms, silent, waits, type Message } from "./model";
import { becameText, doorOf, wordsOf, type Says } from "./words";

interface RowProps {
  message: Message;
  index: number;
  top: number;
  current: boolean;
  says: Says;
  now: number;
  mayCancel: boolean;
  onPoint: (id: string) => void;
  onCancel: (message: Message) => void;
}

export function nameOf(message: Message, { i18n }: Says): string {
  return message.name ?? i18n.t("messages.noName", { id: message.profile_id ?? "—" });
}

export const Row = memo(function Row({ message, index, top, current, says, now, mayCancel, onPoint, onCancel }: RowProps) {
  const { t, fmt } = says.i18n;
  const not = silent(message);
  const door = message.channel ? doorOf(message.channel) : null;
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      aria-current={current || undefined}
      data-row={message.id}
      className={`msg-row ${not ? "msg-silent" : ""}`}
      style={{ transform: `translateY(${top}px)` }}
      onPointerDown={() => onPoint(message.id)}
    >
      <div role="cell" className="msg-when">
        <time dateTime={message.asked_at}>{fmt.shortDay(message.asked_at)}</time>
        <span className="table-second">{fmt.time(message.asked_at)}</span>
      </div>
      <div role="cell" className="msg-channel">
        {door && message.channel && (
          <span className="cut" style={not ? undefined : { color: channelColour(door) }}>
            <Glyph channel={door} size={14} /> {says.channel(message.channel)}
          </span>
        )}
        <span className="table-second cut">{message.account}</span>
      </div>
      <div role="cell" className="msg-who">
        <Link to="/messages/$message" params={{ message: message.id }} className={`cut ${message.name ? "msg-named" : "quiet"}`} preload={false} onFocus={() => onPoint(message.id)}>
          {nameOf(message, says)}
        </Link>
      </div>
      <div role="cell" className="msg-what">
        <span className={`cut ${message.erased ? "quiet" : ""}`}>{wordsOf(message, says.i18n)}</span>
        <span className="table-second cut">
          {says.purpose(message.purpose)}, {t(`messages.classes.${message.class}`)}
        </span>
      </div>
      <div role="cell" className={`msg-became ${alarms(message) ? "alarm" : ""}`}>
        <span>{becameText(message, says, now)}</span>
      </div>
      <div role="cell" className="msg-cost">
        {message.cost_minor !== null && message.currency && fmt.money(message.cost_minor, message.currency)}
        {mayCancel && waits(message) && (
          <Button dense className="msg-cancel" tabIndex={-1} title={t("messages.cancel.of", { name: nameOf(message, says) })} onClick={() => onCancel(message)}>
            {t("messages.cancel.action")}
          </Button>
        )}
      </div>
    </div>
  );
});
