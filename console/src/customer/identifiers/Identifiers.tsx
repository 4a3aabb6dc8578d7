/** By what this person is known, and why we think it is one person. */

import { lazy, Suspense, useMemo, useRef, useState } from "react";

import { Diamond, Glyph } from "~/channels";
import { useI18n } from "~/i18n";
import { Button, Icon, Section } from "~/ui";

import { doorOfKind, identifierText, kindText } from "../model/labels";
import { joinKey, type Identifier, type Identity, type Join } from "../model/types";
import type { JoinActions } from "../thread/JoinRow";
import { Arcs, useCentres } from "./Arcs";
import { joinText, nodeText, refusals, tieText, whyText } from "./evidence";
import { arcsOf, knownFrom, linesOf, type Line } from "./lines";

const Details = lazy(() => import("./Details"));
const FIRST = 12;

export interface Splitting {
  on: boolean;
  chosen: Set<string>;
  toggle: (node: string) => void;
  start: () => void;
  cancel: () => void;
  rehearse: () => void;
}

interface IdentifiersProps {
  identity: Identity;
  counts: Identifier[];
  joins: Join[];
  devices: Map<string, string>;
  past: boolean;
  /** The moment the page shows, ms; Infinity for now. What was tied after it stands apart, in grey. */
  until: number;
  splitting: Splitting;
  actions: JoinActions;
  selectedJoin: string | null;
  onOpenEvent: (messageId: string) => void;
  /** Without the head, where a tab already names it. */
  bare: boolean;
}

export function Identifiers(props: IdentifiersProps) {
  const { identity, joins, splitting, past, until, bare } = props;
  const { t, fmt } = useI18n();
  const list = useRef<HTMLDivElement>(null);
  const [all, setAll] = useState(false);
  const [open, setOpen] = useState<string | null>(null);
  const lines = useMemo(() => linesOf(identity, joins), [identity, joins]);
  const shown = all || lines.length <= FIRST + 2 ? lines : lines.slice(0, FIRST);
  const arcs = useMemo(() => arcsOf(shown, identity), [shown, identity]);
  const firstAfter = shown.findIndex((line) => line.at > until);
  const centres = useCentres(list, `${shown.length} ${open} ${splitting.on} ${firstAfter}`);
  const count = identity.identifiers.length;
  return (
    <Section
      className="cu-identifiers"
      title={
        <>
          {t("customer.identifiers.title")} <span className="cu-count">{fmt.number(count)}</span>
        </>
      }
      aside={bare ? undefined : t("customer.identifiers.sub")}
      actions={
        !past && count > 1 && !splitting.on ? (
          <Button kind="text" k="s" onClick={splitting.start}>
            {t("customer.identifiers.split")}
          </Button>
        ) : undefined
      }
    >
      {splitting.on && <SplitBar splitting={splitting} total={count} />}
      <div className="cu-identifier-list" ref={list}>
        <Arcs arcs={arcs} centres={centres} height={list.current?.offsetHeight ?? 0} />
        <ul>
          {shown.map((line, row) => (
            <li key={line.key} className={line.at > until ? "cu-after" : ""}>
              {row === firstAfter && <h3>{t("customer.identifiers.after")}</h3>}
              {line.kind === "join" ? (
                <JoinLine {...props} join={line.join} />
              ) : (
                <IdentifierLine {...props} line={line} open={open === line.key} onToggle={() => setOpen(open === line.key ? null : line.key)} />
              )}
            </li>
          ))}
        </ul>
      </div>
      {shown.length < lines.length && (
        <Button kind="text" className="cu-all" onClick={() => setAll(true)}>
          {t("customer.identifiers.all", { n: count })}
        </Button>
      )}
      {all && lines.length > FIRST + 2 && (
        <Button kind="text" className="cu-all" onClick={() => setAll(false)}>
          {t("customer.identifiers.fewer")}
        </Button>
      )}
      {identity.cannot_links.map((apart) => (
        <p key={`${apart.a.node_id}-${apart.b.node_id}-${apart.at}`} className="cu-apart">
          <bdi>{t("customer.identifiers.apart", { a: nodeText(apart.a), b: nodeText(apart.b) })}</bdi>
          {apart.reason && (
            <>
              {". "}
              <bdi>{apart.reason}</bdi>
            </>
          )}
          <span className="quiet">
            {apart.by ? ` ${apart.by},` : ""} {fmt.dateTime(apart.at)}
          </span>
        </p>
      ))}
    </Section>
  );
}

function SplitBar({ splitting, total }: { splitting: Splitting; total: number }) {
  const { t } = useI18n();
  const n = splitting.chosen.size;
  return (
    <div className="cu-split-bar" role="group" aria-label={t("customer.identifiers.choose")}>
      <span role="status">{n === 0 ? t("customer.identifiers.choose") : n === total ? t("customer.identifiers.tooMany") : t("customer.identifiers.chosen", { n })}</span>
      <Button dense onClick={splitting.cancel}>
        {t("customer.identifiers.cancel")}
      </Button>
      <Button dense kind="primary" disabled={n === 0 || n === total} onClick={splitting.rehearse}>
        {t("customer.identifiers.rehearse")}
      </Button>
    </div>
  );
}

type LineProps = IdentifiersProps & { line: Extract<Line, { kind: "identifier" }>; open: boolean; onToggle: () => void };

function IdentifierLine({ line, open, onToggle, splitting, devices, counts, onOpenEvent, past }: LineProps) {
  const i18n = useI18n();
  const { t, fmt } = i18n;
  const { identifier, tie } = line;
  const text = identifierText(identifier.kind, identifier.value, devices.get(identifier.node_id));
  const wide = text.length > 18;
  const refused = refusals(identifier);
  const told = tie ? tieText(tie, i18n) : t("customer.identifiers.firstKnown");
  const door = doorOfKind(identifier.kind);
  return (
    <>
      <div className={`cu-identifier ${wide ? "cu-identifier-wide" : ""}`} data-line>
        {splitting.on ? (
          <input type="checkbox" className="cu-check" checked={splitting.chosen.has(identifier.node_id)} onChange={() => splitting.toggle(identifier.node_id)}
            aria-label={t("customer.identifiers.chooseOne", { value: text })}
          />
        ) : (
          <span className="cu-sign" aria-hidden="true">
            {door ? <Glyph channel={door} size={14} /> : <Icon name="person" size={16} />}
          </span>
        )}
        <button type="button" className="cu-identifier-open" aria-expanded={open} title={identifier.value} onClick={onToggle}>
          <bdi className="cu-identifier-value">{text}</bdi>
          {!wide && <span className="cu-identifier-kind">{kindText(identifier.kind, i18n)}</span>}
          <span className="cu-identifier-tie" title={told}>
            <bdi>{told}</bdi>
          </span>
          <time dateTime={knownFrom(identifier)}>{dateText(knownFrom(identifier), fmt)}</time>
        </button>
      </div>
      <Epoch identifier={identifier} />
      {refused.slice(0, 2).map((one) => (
        <p key={`${one.to.node_id}${one.message_id}`} className="cu-refused">
          <svg viewBox="0 0 8 8" width="8" height="8" aria-hidden="true">
            <path d="m1 1 6 6M7 1 1 7" />
          </svg>
          <span>
            <b>{t("customer.identifiers.refusedLine", { value: nodeText(one.to, devices, one.to.node_id) })}</b> <bdi>{whyText(one.why, i18n)}</bdi>
          </span>
          <time dateTime={one.occurred_at}>{dateText(one.occurred_at, fmt)}</time>
        </p>
      ))}
      {open && (
        <Suspense fallback={null}>
          <Details identifier={identifier} counts={counts.find((one) => one.node_id === identifier.node_id) ?? null} devices={devices} onOpenEvent={onOpenEvent} past={past} />
        </Suspense>
      )}
    </>
  );
}

/** Old dates need no clock. */
export function dateText(at: string, fmt: ReturnType<typeof useI18n>["fmt"]): string {
  return new Date(at).getFullYear() === new Date().getFullYear() ? fmt.dateTime(at) : fmt.shortDay(at);
}

/** Of a shared device only a stretch of time belongs to this person. */
function Epoch({ identifier }: { identifier: LineProps["line"]["identifier"] }) {
  const { t, fmt } = useI18n();
  const { epoch_from, epoch_until } = identifier;
  if (!epoch_from && !epoch_until) return null;
  const from = epoch_from ? fmt.dateTime(epoch_from) : "";
  const to = epoch_until ? fmt.dateTime(epoch_until) : "";
  const key = epoch_from && epoch_until ? "epochBoth" : epoch_from ? "epochFrom" : "epochTo";
  return <p className="cu-epoch">{t(`customer.identifiers.${key}`, { from, to })}</p>;
}

function JoinLine({ join, actions, selectedJoin }: IdentifiersProps & { join: Join }) {
  const i18n = useI18n();
  const { t, fmt } = i18n;
  const text = joinText(join, i18n);
  return (
    <div className={`cu-identifier cu-join-line ${selectedJoin === joinKey(join) ? "cu-join-line-on" : ""}`} data-line title={join.undoable ? text : `${text} ${t("customer.join.onlySplit")}`}>
      <span className="cu-sign" aria-hidden="true">
        <Diamond size={14} />
      </span>
      <span className="cu-join-text">
        <b>{t("customer.join.line")}</b> <bdi>{text}</bdi>
        {!join.undoable && <span className="seen-by-readers"> {t("customer.join.onlySplit")}</span>}
      </span>
      {!actions.locked && join.undoable && (
        <Button kind="text" {...(actions.next === joinKey(join) ? { k: "u" } : {})} onClick={() => actions.undo(join)}>
          {t("customer.join.undo")}
        </Button>
      )}
      <time dateTime={join.at}>{dateText(join.at, fmt)}</time>
    </div>
  );
}
