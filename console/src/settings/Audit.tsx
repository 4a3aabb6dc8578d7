/** The audit log: who did what, newest first, with what was before and after. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";

import { actorText } from "~/actors";
import { usePages, type JsonObject } from "~/api";
import { useI18n } from "~/i18n";
import { PartHead } from "~/shell/Parts";
import { Chip, DataTable, Empty, PagedList, type Column } from "~/ui";
import "./settings.css";

interface Entry {
  id: string;
  at: string;
  actor: string;
  action: string;
  subject: string;
  before: JsonObject | null;
  after: JsonObject | null;
  reason: string | null;
}

export function AuditPart() {
  const { t, has, fmt } = useI18n();
  const navigate = useNavigate();
  const subject = (useSearch({ strict: false }) as { subject?: string }).subject;
  const list = usePages<Entry>(["audit"], "/api/audit", { subject });
  const [open, setOpen] = useState<string | null>(null);
  const columns: Column<Entry>[] = [
    { key: "at", head: t("settings.audit.at"), width: "128px", cell: (entry) => <time dateTime={entry.at}>{fmt.dateTime(entry.at)}</time> },
    { key: "actor", head: t("settings.audit.actor"), width: "200px", cell: (entry) => actorText(entry.actor, t) },
    {
      key: "action",
      head: t("settings.audit.action"),
      phone: "title",
      cell: (entry) => {
        const key = `settings.audit.actions.${entry.action.replace(".", "_")}`;
        return (
          <>
            {has(key) ? t(key) : entry.action}
            {entry.reason && <span className="table-second">“{entry.reason}”</span>}
          </>
        );
      },
    },
    {
      key: "subject",
      head: t("settings.audit.subject"),
      width: "160px",
      cell: (entry) => (
        <button type="button" className="button-text" onClick={() => void navigate({ to: "/settings/audit", search: { subject: entry.subject } })}>
          {entry.subject}
        </button>
      ),
    },
    {
      key: "change",
      head: t("settings.audit.change"),
      cell: (entry) => <Change entry={entry} whole={open === entry.id} toggle={() => setOpen(open === entry.id ? null : entry.id)} />,
    },
  ];
  return (
    <div className="part">
      <PartHead
        title={t("settings.audit.title")}
        lead={t("settings.audit.lead")}
        actions={
          subject && (
            <Chip on onClick={() => void navigate({ to: "/settings/audit" })}>
              {t("settings.audit.only", { subject })} ×
            </Chip>
          )
        }
      />
      <PagedList list={list} empty={<Empty title={t("settings.audit.none")} />}>
        {(rows) => <DataTable label={t("settings.audit.title")} columns={columns} rows={rows} keyOf={(entry) => entry.id} />}
      </PagedList>
    </div>
  );
}

const SHOWN = 3;

/** "role: operator → admin", one line for each value that differs. */
function Change({ entry, whole, toggle }: { entry: Entry; whole: boolean; toggle: () => void }) {
  const { t } = useI18n();
  const { before, after } = entry;
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter((name) => written(before?.[name]) !== written(after?.[name]));
  if (names.length === 0) return null;
  const shown = whole ? names : names.slice(0, SHOWN);
  return (
    <ul className="table-lines">
      {shown.map((name) => (
        <li key={name}>
          <span className="quiet">{name}:</span> {before && name in before && <>{written(before[name])} </>}
          {before && name in before && after && name in after && <>→ </>}
          {after && name in after && written(after[name])}
        </li>
      ))}
      {names.length > SHOWN && (
        <li>
          <button type="button" className="button-text" aria-expanded={whole} onClick={toggle}>
            {whole ? t("settings.audit.less") : t("settings.audit.more", { n: names.length - SHOWN })}
          </button>
        </li>
      )}
    </ul>
  );
}

function written(value: unknown): string {
  if (value === undefined || value === null) return "—";
  return typeof value === "string" ? value : Array.isArray(value) ? value.join(", ") : typeof value === "object" ? JSON.stringify(value) : String(value);
}
