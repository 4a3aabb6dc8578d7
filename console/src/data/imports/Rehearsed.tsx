/** What would come of the file: nothing has been taken yet. */
import { useI18n } from "~/i18n";
import { Button, DataTable, type Column } from "~/ui";

import { useRefusal } from "../rejected/words";
import type { OneImport, Report } from "./model";

const SHOWN_NAMES = 6;

export function Rehearsed({ one, onChange }: { one: OneImport; onChange: () => void }) {
  const { t, fmt } = useI18n();
  const { report } = one;
  if (!report) return null;
  const facts: [string, React.ReactNode][] = [
    [t("data.imports.source"), one.source ?? "—"],
    [t("data.imports.wouldTake"), fmt.number(report.taken)],
    [t("data.imports.wouldRefuse"), fmt.number(report.refused)],
  ];
  if (report.repeated > 0) facts.push([t("data.imports.repeated"), fmt.number(report.repeated)]);
  if (report.undated > 0) facts.push([t("data.imports.undated"), fmt.number(report.undated)]);
  if (report.first_at && report.last_at) facts.push([t("data.imports.happened"), `${fmt.shortDay(report.first_at)} – ${fmt.shortDay(report.last_at)}`]);
  const names = Object.entries(report.names).slice(0, SHOWN_NAMES);
  if (one.content === "events" && names.length > 0) facts.push([t("data.imports.names"), names.map(([name, n]) => `${name} ${fmt.number(n)}`).join(", ")]);
  return (
    <>
      <p>{t(report.refused === 0 ? "data.imports.allGood" : report.taken === 0 ? "data.imports.noneGood" : "data.imports.someGood")}</p>
      <dl className="imports-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p>
        <Button onClick={onChange}>{t("data.imports.changeMapping")}</Button>
      </p>
      {report.rows.length > 0 && <Refused one={one} report={report} />}
    </>
  );
}

function Refused({ one, report }: { one: OneImport; report: Report }) {
  const { t } = useI18n();
  const { named, told } = useRefusal();
  const columns: Column<Report["rows"][number]>[] = [
    { key: "record", head: t("data.imports.record"), width: "96px", numeric: true, cell: (row) => row.record },
    {
      key: "code",
      head: t("data.imports.why"),
      phone: "title",
      cell: (row) => (
        <>
          {named(row.code)}
          <span className="table-second" title={row.reason}>
            {told(row)}
          </span>
        </>
      ),
    },
  ];
  return (
    <section>
      <header className="imports-refused-head">
        <h2>{t("data.imports.refusedRows")}</h2>
        <a className="button button-plain" href={`/api/imports/${one.id}/refused.csv`} download>
          {t("data.imports.download")}
        </a>
      </header>
      <DataTable label={t("data.imports.refusedRows")} columns={columns} rows={report.rows} keyOf={(row) => `${row.record}-${row.code}`} />
    </section>
  );
}
