/** One event in full: when it happened and when we learnt it, what it carried, and the record as it is stored. */

import { useEffect, useRef } from "react";

import { asChannel, Knot, sourceText, useChannelNames } from "~/channels";
import { useI18n } from "~/i18n";
import { Button, Icon, IconButton, useCopy } from "~/ui";

import { identifierText, kindText } from "../model/labels";
import { spanText } from "../model/span";
import type { Bag, EventRow } from "../model/types";
import { deviceOf, weActed } from "../tell/read";
import { tell } from "../tell/tell";
import { flatten } from "./flatten";

interface InspectorProps {
  event: EventRow;
  /** All events of a folded row, newest first. */
  group: EventRow[];
  firstName: string | null;
  speaks: string | null;
  onClose: () => void;
  onPick: (messageId: string) => void;
  onAsOf: ((at: string) => void) | null;
}

const AT_ONCE_MS = 60_000;

export function Inspector({ event, group, firstName, speaks, onClose, onPick, onAsOf }: InspectorProps) {
  const i18n = useI18n();
  const { t, fmt } = i18n;
  const names = useChannelNames();
  const top = useRef<HTMLElement>(null);
  const told = tell(event, { ...i18n, firstName, speaks });
  const channel = asChannel(event.channel);
  const device = deviceOf(event.context);
  const identifier = event.identifier;
  const traits = event.traits ?? {};
  useEffect(() => {
    // A block, not an expression: newer browsers answer scrollTo with a promise, which is no clean-up function.
    top.current?.scrollTo({ top: 0 });
  }, [event.message_id]);
  return (
    <section className="cu-inspector" aria-label={t("customer.inspector.title")} ref={top}>
      <header className="cu-inspector-head">
        <Knot channel={channel} kind={weActed(event) ? "ours" : "acted"} />
        <h2>
          <bdi>{told.title}</bdi>
        </h2>
        <IconButton label={t("common.close")} onClick={onClose}>
          <Icon name="close" size={16} />
        </IconButton>
      </header>
      {(told.words.length > 0 || told.second) && (
        <p className="cu-inspector-words">
          {told.words.map((word, at) => (
            <bdi key={at} className={`cu-${word.tone}`} lang={word.lang}>
              {word.text}{" "}
            </bdi>
          ))}
          {told.second && <span className="cu-inspector-second">{told.second}</span>}
        </p>
      )}
      {group.length > 1 && (
        <div className="cu-group">
          <h3>{t("customer.inspector.group", { n: group.length })}</h3>
          {group.slice(0, 40).map((one) => (
            <button key={one.message_id} type="button" aria-current={one.message_id === event.message_id ? "true" : undefined} onClick={() => onPick(one.message_id)}>
              <time dateTime={one.occurred_at}>{fmt.timeSeconds(one.occurred_at)}</time>
              <bdi>{tell(one, { ...i18n, firstName }).words[0]?.text ?? told.title}</bdi>
            </button>
          ))}
        </div>
      )}
      <dl className="cu-facts-list">
        <Times event={event} />
        {identifier && (
          <Fact name={t("customer.inspector.identifier")}>
            <bdi>{identifierText(identifier.kind, identifier.value, device)}</bdi> <span className="quiet">{kindText(identifier.kind, i18n)}</span>
          </Fact>
        )}
        <Fact name={t("customer.inspector.door")}>{names.title(channel)}</Fact>
        {event.source && (
          <Fact name={t("customer.inspector.source")}>
            <bdi>{sourceText(event.source, i18n)}</bdi>
          </Fact>
        )}
        <Fact name={t("customer.inspector.type")}>
          {event.type}
          {event.event && (
            <>
              {", "}
              <bdi>{event.event}</bdi>
            </>
          )}
        </Fact>
        <Fact name={t("customer.inspector.id")}>
          <span className="cu-breaks">{event.message_id}</span>
        </Fact>
      </dl>
      {onAsOf && (
        <Button dense onClick={() => onAsOf(event.occurred_at)}>
          {t("customer.inspector.asOf")}
        </Button>
      )}
      {Object.keys(traits).length > 0 && <Properties title={t("customer.inspector.traits")} from={traits} />}
      {(event.type !== "identify" || Object.keys(event.properties).length > 0) && <Properties title={t("customer.inspector.properties")} from={event.properties} />}
      <Properties title={t("customer.inspector.context")} from={event.context} />
      <Raw event={event} />
    </section>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** "at once" stands in the place of a repeated time. */
function Times({ event }: { event: EventRow }) {
  const { t, fmt } = useI18n();
  const happened = Date.parse(event.occurred_at);
  const learnt = Date.parse(event.received_at);
  const after = (ms: number) => (ms < AT_ONCE_MS ? t("customer.traits.atOnce") : t("customer.traits.later", { time: spanText(ms, fmt.locale, fmt.language) }));
  return (
    <>
      <Fact name={t("customer.inspector.happened")}>
        <time dateTime={event.occurred_at}>
          {fmt.longDay(happened)}, {fmt.timeSeconds(happened)}
        </time>
      </Fact>
      <Fact name={t("customer.inspector.learnt")}>
        <time dateTime={event.received_at} title={fmt.dateTime(learnt)}>
          {after(learnt - happened)}
        </time>
      </Fact>
      {event.linked_at && (
        <Fact name={t("customer.inspector.linked")}>
          <time dateTime={event.linked_at} title={fmt.dateTime(event.linked_at)}>
            +{fmt.milliseconds(Math.max(0, Date.parse(event.linked_at) - learnt))}
          </time>
        </Fact>
      )}
    </>
  );
}

function Properties({ title, from }: { title: string; from: Bag }) {
  const { t } = useI18n();
  const leaves = flatten(from);
  return (
    <div className="cu-properties">
      <h3>{title}</h3>
      {leaves.length === 0 && <p className="quiet">{t("customer.inspector.none")}</p>}
      <dl>
        {leaves.map(({ path, value }) => (
          <div key={path}>
            <dt>{path}</dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Raw({ event }: { event: EventRow }) {
  const { t } = useI18n();
  const text = JSON.stringify(event, null, 2);
  const shown = useRef<HTMLPreElement>(null);
  const copy = useCopy();
  return (
    <details className="cu-raw">
      <summary>{t("customer.inspector.raw")}</summary>
      <Button dense onClick={() => void copy(text, undefined, shown.current)}>
        {t("common.copy")}
      </Button>
      <pre ref={shown} tabIndex={0}>
        {text}
      </pre>
    </details>
  );
}
