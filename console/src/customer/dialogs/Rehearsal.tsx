/** The window of a join, a split or an undo: first what would happen, then a reason, then the deed. */

import { useState, type ReactNode } from "react";

import { channelColour, type Channel } from "~/channels";
import { useI18n } from "~/i18n";
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
  title: string;
  names: { a: string; b: string };
  doors: { a: Channel | null; b: Channel | null };
  fate: string;
  columns: Column[];
  preview: Preview;
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
  const { kind, title, names, doors, fate, columns, preview, notes, question, promise, deed } = props;
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
        <Tracks kind={kind === "join" ? "join" : "part"} a={names.a} b={names.b} doors={doors} fate={fate} />
        <Comparison columns={columns} preview={preview} notes={notes} />
        <Warnings preview={preview} />
        {question !== null && <label className="cu-reason">
          <span>{question}</span>
          <textarea rows={1} data-autofocus value={reason} placeholder={t("customer.rehearsal.reasonHint")} aria-invalid={missing} aria-describedby={missing ? "cu-reason-missing" : undefined}
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

function Comparison({ columns, preview, notes }: Pick<RehearsalProps, "columns" | "preview" | "notes">) {
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
    rows.push({ name: traitName(trait.name, i18n), cells: cells.map(value), note: ruleText("latest", i18n) });
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

/** Identifiers are told by their own rows; a value that only one of them has is no contest. */
function contested({ name, values }: Preview["traits"][number]): boolean {
  return !/^(e-?mail|phone|loyalty_?card)$/i.test(name) && values.every((value) => value !== null && value !== undefined);
}

function Warnings({ preview }: { preview: Preview }) {
  const i18n = useI18n();
  const { t } = i18n;
  return (
    <div className="cu-warnings">
      {preview.warnings.map((warning) => (
        <p key={`${warning.code}${warning.kind}`}>
          <Icon name="warn" size={16} />
          <span>
            <b className="alarm">
              <bdi>{t("customer.rehearsal.limit", { kind: kindText(warning.kind, i18n), values: warning.values.map((value) => identifierText(warning.kind, value)).join(", ") })}</bdi>
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
    </div>
  );
}

export function colourOf(channel: Channel | null): string {
  return channel ? channelColour(channel) : "var(--line2)";
}
