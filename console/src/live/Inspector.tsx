import { Link } from "@tanstack/react-router";
import { useState } from "react";

import type { DeadLetter, Json, JsonObject, LiveEvent } from "~/api";
import { Knot, sourceText, useChannelNames } from "~/channels";
import { useI18n } from "~/i18n";
import { Button, TextLink } from "~/ui";

import type { Item } from "./model";
import { nameOfRejected, parsed } from "./model";
import { Travel } from "./Travel";
import { eventTitle, identifierText, knotKind, tellEvent, whoText } from "./words";
import "./inspector.css";

export interface InspectorActions {
  raw: boolean;
  onRaw: () => void;
  onOnly: () => void;
  onClose: () => void;
  onReplay: (letter: DeadLetter) => void;
}

const SHOWN = 12;

/** Parts of a thing within a list, in one line: "name Tatra boots 39, price 389". */
function inWords(value: Json): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(inWords).join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([name, part]) => `${name} ${inWords(part)}`)
    .join(", ");
}

/** Things within things become dotted names, lists of things numbered ones; deeper than that it is for the raw JSON. */
function flat(of: JsonObject, before = "", depth = 0): [string, string][] {
  return Object.entries(of).flatMap(([name, value]): [string, string][] => {
    const path = before + name;
    if (Array.isArray(value) && value.some((part) => typeof part === "object")) {
      return value.map((part, index): [string, string] => [`${path} ${index + 1}`, inWords(part)]);
    }
    if (typeof value === "object" && value !== null && !Array.isArray(value) && depth < 2) return flat(value, `${path}.`, depth + 1);
    return [[path, inWords(value)]];
  });
}

function Properties({ title, of }: { title: string; of: JsonObject }) {
  const { t } = useI18n();
  const [all, setAll] = useState(false);
  const pairs = flat(of);
  const shown = all ? pairs : pairs.slice(0, SHOWN);
  return (
    <section className="live-part">
      <h3>{title}</h3>
      {pairs.length === 0 && <p className="quiet">{t("live.inspect.none")}</p>}
      <dl className="live-pairs">
        {shown.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {shown.length < pairs.length && (
        <button type="button" className="button-text" onClick={() => setAll(true)}>
          {t("live.inspect.more", { n: pairs.length - shown.length })}
        </button>
      )}
    </section>
  );
}

function Raw({ value }: { value: unknown }) {
  const { t } = useI18n();
  return (
    <section className="live-part">
      <h3>{t("live.inspect.raw")}</h3>
      <pre className="live-raw" tabIndex={0}>
        {JSON.stringify(value, null, 2)}
      </pre>
    </section>
  );
}

function Head({ knot, title, under, onClose }: { knot: React.ReactNode; title: string; under: string; onClose: () => void }) {
  const { t } = useI18n();
  return (
    <header className="live-inspector-head">
      <span className="live-big-knot">{knot}</span>
      <div>
        <h2>{title}</h2>
        <p className="quiet">{under}</p>
      </div>
      <Button kind="text" k="Escape" onClick={onClose} className="live-close">
        <span className="live-close-word">{t("live.keys.close")}</span>
      </Button>
    </header>
  );
}

function OfEvent({ event, actions }: { event: LiveEvent; actions: InspectorActions }) {
  const voice = useI18n();
  const { t, fmt } = voice;
  const { title } = useChannelNames();
  const who = whoText(event, voice);
  const by = identifierText(event, voice);
  const profile = event.who?.profile_id;
  const told = tellEvent(event, voice);
  const raw = event.event && event.event !== told.title ? `${event.type}: ${event.event}` : event.type;
  return (
    <>
      <Head
        knot={<Knot channel={event.channel} kind={knotKind(event)} />}
        title={told.title}
        under={[title(event.channel), ...(event.source === event.channel ? [] : [sourceText(event.source, voice)]), fmt.longDay(event.occurred_at)].join(", ")}
        onClose={actions.onClose}
      />
      <section className="live-part">
        <h3>{t("live.inspect.whose")}</h3>
        {profile ? (
          <Link to="/customers/$ref" params={{ ref: `profile:${profile}` }} search={{ event: event.message_id }} className="button-text">
            {who.text}
          </Link>
        ) : (
          <p className="quiet">{t("live.inspect.nobody")}</p>
        )}
        {by && by !== who.text && <p className="live-by">{t("live.by", { identifier: by })}</p>}
      </section>
      <Travel event={event} />
      {Object.keys(event.traits).length > 0 && <Properties title={t("live.inspect.traits")} of={event.traits} />}
      {(event.type !== "identify" || Object.keys(event.properties).length > 0) && <Properties title={t("live.inspect.properties")} of={event.properties} />}
      {actions.raw && <Raw value={event} />}
      <div className="live-actions">
        {profile && (
          <TextLink to="/customers/$ref" params={{ ref: `profile:${profile}` }} search={{ event: event.message_id }} k="Enter">
            {t("live.inspect.open")}
          </TextLink>
        )}
        <Button kind="text" k="r" aria-expanded={actions.raw} onClick={actions.onRaw}>
          {t(actions.raw ? "live.inspect.rawHide" : "live.inspect.raw")}
        </Button>
        <Button kind="text" k="f" onClick={actions.onOnly} title={raw}>
          {t("live.inspect.only")}
        </Button>
      </div>
    </>
  );
}

function OfRejected({ letter, actions }: { letter: DeadLetter; actions: InspectorActions }) {
  const voice = useI18n();
  const { t, fmt } = voice;
  return (
    <>
      <Head
        knot={<Knot channel="api" kind="rejected" />}
        title={eventTitle(nameOfRejected(letter), voice)}
        under={`${t("live.notStored")}, ${fmt.longDay(letter.received_at)}, ${fmt.timeSeconds(letter.received_at)}`}
        onClose={actions.onClose}
      />
      <section className="live-part">
        <h3>{t("live.inspect.reason")}</h3>
        <p className="alarm">{letter.reason}</p>
        <p className="live-note">{t("live.inspect.reasonHint")}</p>
        <dl className="live-pairs">
          <div>
            <dt>{t("live.inspect.source")}</dt>
            <dd>{sourceText(letter.source, voice)}</dd>
          </div>
          <div>
            <dt>{t("live.inspect.code")}</dt>
            <dd>{letter.code}</dd>
          </div>
        </dl>
      </section>
      <Raw value={parsed(letter.event)} />
      <div className="live-actions">
        <Button onClick={() => actions.onReplay(letter)}>{t("live.replay")}</Button>
      </div>
    </>
  );
}

/** Everything known about the one event that is selected. */
export function Inspector({ item, actions }: { item: Item; actions: InspectorActions }) {
  const { t } = useI18n();
  return (
    <aside className="live-inspector" aria-label={t("live.inspector")}>
      {item.kind === "event" ? <OfEvent event={item.event} actions={actions} /> : <OfRejected letter={item.letter} actions={actions} />}
    </aside>
  );
}
