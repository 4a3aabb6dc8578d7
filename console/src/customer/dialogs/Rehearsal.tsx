/** The window of a join, a split or an undo: first what would happen, then a reason, then the deed. */

import { useState, type ReactNode } from "react";

import { channelColour, type Channel } from "~/channels";
import { useI18n, type I18n } from "~/i18n";
import { Button, Dialog, Icon, problemText } from "~/ui";

import { identifierText, kindText } from "../model/labels";
import type { Json, Preview, PreviewPerson } from "../model/types";
import { traitName } from "../tell/tell";
import { ruleText, valueText } from "../traits/Traits";
import { Tracks } from "./Tracks";

export interface Column {
  head: string;
  person: PreviewPerson;
  bold: boolean;
}

interface RehearsalProps {
  kind: "join" | "split" | "undo";
  /** Nobody moves: they stay one person. */
  stays?: boolean;
  title: string;
  names: { a: string; b: string };
  doors: { a: Channel | null; b: Channel | null };
  fate: string;
  columns: Column[];
  preview: Preview;
  /** When each of the two told a trait, as far as it is known. */
  happened?: (name: string) => (string | undefined)[];
  notes: { identifiers: string; events: string; orders: string };
  /** Null where the ledger takes no reason. */
  question: string | null;
  promise: string;
  deed: string;
  head?: ReactNode;
  onDo: (reason: string) => Promise<void>;
  onClose: () => void;
}

export function Rehearsal(props: RehearsalProps) {
  const { kind, title, names, doors, fate, columns, preview, notes, happened, question, promise, deed } = props;
  const { t } = useI18n();
  const [reason, setReason] = useState("");
  const [missing, setMissing] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<unknown>(null);
  const run = () => {
    if (question !== null && reason.trim() === "") {
      setMissing(true);
      return;
    }
    setBusy(true);
    setFault(null);
    props.onDo(reason.trim()).catch((error: unknown) => {
      setFault(error);
      setBusy(false);
    });
  };
  const problem = fault === null ? null : problemText(fault, t);
  const keys = [
    { keys: "mod+Enter", label: deed, typing: true, run },
    { keys: "Escape", label: t("customer.rehearsal.cancel"), typing: true, run: props.onClose },
  ];
  return (
    <Dialog title={title} onClose={props.onClose} keys={keys} width={880} bare>
      <div className="cu-rehearsal">
        <Head title={title} onClose={props.onClose} />
        {props.head}
        <Tracks kind={kind === "join" ? "join" : props.stays ? "stay" : "part"} a={names.a} b={names.b} doors={doors} fate={fate} />
        <Comparison columns={columns} preview={preview} notes={notes} {...(happened ? { happened } : {})} />
        <Warnings preview={preview} undo={kind === "undo"} stays={props.stays ?? false} />
        {question !== null && <label className="cu-reason">
          <span>
            {question} <em>{t("customer.rehearsal.required")}</em>
          </span>
          <textarea rows={1} data-autofocus aria-required="true" value={reason} placeholder={t("customer.rehearsal.reasonHint")} aria-invalid={missing} aria-describedby={missing ? "cu-reason-missing" : undefined}
            onChange={(event) => {
              setReason(event.currentTarget.value);
              setMissing(false);
            }}
          />
        </label>}
        {missing && <p id="cu-reason-missing" className="alarm cu-reason-missing" role="alert">{t("customer.rehearsal.needReason")}</p>}
        {problem && <p className="alarm cu-reason-missing" role="alert">{problem.title}. {problem.text}</p>}
        <footer className="cu-rehearsal-foot">
          <p className="quiet">{promise}</p>
          <Button onClick={props.onClose}>{t("customer.rehearsal.cancel")}</Button>
          <Button kind="primary" k="mod+Enter" disabled={busy} onClick={run}>
            {deed}
          </Button>
        </footer>
      </div>
    </Dialog>
  );
}

export function Head({ title, onClose }: { title: string; onClose: () => void }) {
  const { t } = useI18n();
  return (
    <header className="cu-rehearsal-head">
      <h2>{title}</h2>
      <span className="quiet">{t("customer.rehearsal.sub")}</span>
      <Button dense k="Escape" aria-label={`${t("common.close")} ${t("common.keys.esc")}`} onClick={onClose} className="cu-esc" />
    </header>
  );
}

function Comparison({ columns, preview, notes, happened }: Pick<RehearsalProps, "columns" | "preview" | "notes" | "happened">) {
  const i18n = useI18n();
  const { t, fmt } = i18n;
  const orders = ({ spend }: PreviewPerson) => {
    if (spend.length === 0) return t("customer.rehearsal.none");
    const n = spend.reduce((sum, one) => sum + one.orders, 0);
    return [fmt.number(n), ...spend.map((one) => fmt.money(one.minor, one.currency))].join(", ");
  };
  const rows: { name: string; cells: string[]; note: string }[] = [
    { name: t("customer.rehearsal.rows.identifiers"), cells: columns.map(({ person }) => fmt.number(person.identifier_count)), note: notes.identifiers },
    { name: t("customer.rehearsal.rows.events"), cells: columns.map(({ person }) => fmt.number(person.events)), note: notes.events },
  ];
  if (columns.some(({ person }) => person.spend.length > 0)) rows.push({ name: t("customer.rehearsal.rows.orders"), cells: columns.map(({ person }) => orders(person)), note: notes.orders });
  for (const trait of preview.traits.filter(contested).slice(0, 6)) {
    const value = (json: Json) => (json === null || json === undefined ? "" : valueText(trait.name, json, i18n));
    const cells = [...columns.slice(0, -1).map(({ person }) => trait.values[preview.before.indexOf(person)] ?? null), trait.after];
    rows.push({ name: traitName(trait.name, i18n), cells: cells.map(value), note: datesText(happened?.(trait.name) ?? [], i18n) });
  }
  return (
    <div className="cu-comparison-scroll" tabIndex={0} role="region" aria-label={t("customer.rehearsal.sub")}>
      <table className="cu-comparison">
        <thead>
          <tr>
            <th scope="col"><span className="seen-by-readers">{t("customer.traits.title")}</span></th>
            {columns.map((column, at) => (
              <th key={at} scope="col"><bdi>{column.head}</bdi></th>
            ))}
            <th scope="col"><span className="seen-by-readers">{t("customer.inspector.title")}</span></th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row"><bdi>{row.name}</bdi></th>
              {row.cells.map((cell, at) => (
                <td key={at} className={columns[at]?.bold ? "cu-bold" : ""}><bdi>{cell}</bdi></td>
              ))}
              <td className="quiet"><bdi>{row.note}</bdi></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The rule, and the moments it was decided by. */
function datesText(moments: (string | undefined)[], i18n: Pick<I18n, "t" | "has" | "fmt">): string {
  const [earlier, later] = moments.filter((one) => one !== undefined).sort((a, b) => Date.parse(a) - Date.parse(b));
  if (!earlier || !later || earlier === later) return ruleText("latest", i18n);
  const year = new Date(earlier).getFullYear() === new Date(later).getFullYear() ? earlier : 0;
  const when = (moment: string) => i18n.fmt.dateTime(moment, year).replaceAll(" ", "\u00a0");
  return i18n.t("customer.rehearsal.latest", { later: when(later), earlier: when(earlier) });
}

/** Identifiers are told by their own rows; a value that only one of them has is no contest. */
function contested({ name, values }: Preview["traits"][number]): boolean {
  return !/^(e-?mail|phone|loyalty_?card)$/i.test(name) && values.every((value) => value !== null && value !== undefined);
}

/** "Both have an account: 20817 and 19340." */
function limitText({ kind, values }: Preview["warnings"][number], before: PreviewPerson[], i18n: Pick<I18n, "t" | "has" | "fmt">): string {
  const { t, has, fmt } = i18n;
  const order = before.map((person) => person.identifiers.filter((one) => one.kind === kind).map((one) => one.value));
  const held = order.flat();
  const inOrder = values.toSorted((a, b) => held.indexOf(a) - held.indexOf(b));
  const told = fmt.list(inOrder.map((value) => identifierText(kind, value)));
  const key = `customer.kindOne.${kind}`;
  const external = kind.startsWith("external:") ? t("customer.kindOne.external", { source: kind.slice("external:".length) }) : kindText(kind, i18n);
  const both = values.length === 2 && order.length === 2 && order.every((own) => own.length === 1);
  return both
    ? t("customer.rehearsal.limitBoth", { kind: has(key) ? t(key) : external, values: told })
    : t("customer.rehearsal.limit", { kind: kindText(kind, i18n), values: told });
}

function Warnings({ preview, undo, stays }: { preview: Preview; undo: boolean; stays: boolean }) {
  const i18n = useI18n();
  const { t, fmt } = i18n;
  return (
    <div className="cu-warnings">
      {preview.warnings.map((warning) => (
        <p key={`${warning.code}${warning.kind}`}>
          <Icon name="warn" size={16} />
          <span>
            <b className="alarm">
              <bdi>{limitText(warning, preview.before, i18n)}</bdi>
            </b>{" "}
            {t("customer.rehearsal.limitText", { n: warning.limit })}
          </span>
        </p>
      ))}
      {preview.after.length > 2 && (
        <p>
          <Icon name="warn" size={16} />
          <span>{t("customer.rehearsal.manyParts", { n: preview.after.length })}</span>
        </p>
      )}
      {preview.withdraws.length > 0 && (
        <p>
          <Icon name="warn" size={16} />
          <span>{t("customer.rehearsal.withdraws", { n: preview.withdraws.length })}</span>
        </p>
      )}
      {undo && preview.parts.length > 0 && (
        <p>
          <Icon name="warn" size={16} />
          <span>{t("customer.rehearsal.restores", { n: preview.parts.length })}</span>
        </p>
      )}
      {preview.held_by.map((join) => (
        <p key={join.id}>
          <Icon name="warn" size={16} />
          <span>
            <bdi>{t("customer.rehearsal.heldBy", { by: join.by, at: fmt.dateTime(join.at), reason: join.reason })}</bdi>
          </span>
        </p>
      ))}
      {stays && preview.held_by.length === 0 && (
        <p>
          <Icon name="warn" size={16} />
          <span>{t("customer.rehearsal.heldByEvidence")}</span>
        </p>
      )}
    </div>
  );
}

export function colourOf(channel: Channel | null): string {
  return channel ? channelColour(channel) : "var(--line2)";
}
