import type { LiveEvent } from "~/api";
import { channelColour, useChannelNames } from "~/channels";
import { useI18n } from "~/i18n";

import { between } from "./model";
import { shortIdentifier } from "./words";

interface Leg {
  name: string;
  where: string;
  /** Milliseconds since it happened; null while it has not come so far. */
  at: number | null;
  text: string;
}

function Track({ from, to, total, colour }: { from: number; to: number | null; total: number; colour: string }) {
  const place = (ms: number) => (total > 0 ? 4 + (Math.max(0, ms) / total) * 104 : 4);
  const start = place(from);
  return (
    <svg className="live-track" viewBox="0 0 112 12" width="112" height="12" aria-hidden="true" style={{ color: colour }}>
      <path className="live-track-base" d="M0 6h112" />
      {to !== null && (
        <>
          <path className="live-track-run" d={`M${start} 6H${place(to)}`} />
          <circle cx={place(to)} cy="6" r="3.5" />
        </>
      )}
    </svg>
  );
}

/** When it happened, reached us and stood in the profile, to one scale. */
export function Travel({ event }: { event: LiveEvent }) {
  const voice = useI18n();
  const { t, fmt } = voice;
  const { title } = useChannelNames();
  const received = between(event.occurred_at, event.received_at) ?? 0;
  const linked = between(event.occurred_at, event.linked_at);
  const ours = between(event.received_at, event.linked_at);
  const by = shortIdentifier(event, voice);
  const since = (ms: number | null) => (ms === null ? t("live.inspect.notYet") : ms <= 0 ? t("live.inspect.atOnce") : `+${ms < 60_000 ? fmt.milliseconds(ms) : fmt.duration(ms)}`);
  const legs: Leg[] = [
    { name: t("live.inspect.happened"), where: title(event.channel), at: 0, text: fmt.timeSeconds(event.occurred_at) },
    { name: t("live.inspect.received"), where: t("live.inspect.onDisk"), at: received, text: since(received) },
    { name: t("live.inspect.linked"), where: by ? t("live.inspect.linkedBy", { identifier: by }) : t("live.inspect.inProfile"), at: linked, text: since(linked) },
  ];
  const total = Math.max(received, linked ?? 0);
  let before = 0;
  return (
    <section className="live-part">
      <h3>{t("live.inspect.travelled")}</h3>
      <ol className="live-legs">
        {legs.map((leg) => {
          const from = before;
          before = leg.at ?? before;
          return (
            <li key={leg.name}>
              <span>{leg.name}</span>
              <span className="quiet cut" title={leg.where}>
                {leg.where}
              </span>
              <Track from={from} to={leg.at} total={total} colour={channelColour(event.channel)} />
              <span className="live-leg-at">{leg.text}</span>
            </li>
          );
        })}
      </ol>
      <p className="live-note">
        {received < 0 && `${t("live.inspect.early", { time: fmt.duration(-received) })} `}
        {ours !== null &&
          (received > 0
            ? t("live.inspect.sum", { ours: fmt.milliseconds(Math.max(0, ours)), theirs: received < 60_000 ? fmt.milliseconds(received) : fmt.duration(received) })
            : t("live.inspect.sumOurs", { ours: fmt.milliseconds(Math.max(0, ours)) }))}
      </p>
    </section>
  );
}
