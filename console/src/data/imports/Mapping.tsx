/** How the file is read: what a row is, into which source it goes, and what each column means; with its first rows. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api, useMay, useSources } from "~/api";
import { useI18n } from "~/i18n";
import { Button, ProblemBox, SelectField, Skeleton } from "~/ui";

import { contents, targets, type Content, type OneImport, type Preview } from "./model";
import { useChange } from "./One";

const ENCODINGS = ["utf-8", "cp1250", "cp1251", "cp1252", "iso8859-2", "koi8-r", "cp852", "cp866", "utf-16"];
const SHOWN_ROWS = 8;

export function Mapping({ one, onDone }: { one: OneImport; onDone: () => void }) {
  const { t } = useI18n();
  const sources = useSources() ?? [];
  const mayKeys = useMay("keys.manage");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const [content, setContent] = useState<Content>(one.format.content ?? (/\.(nd)?jsonl?(\.gz)?$/i.test(one.name) ? "events" : "customers"));
  const [encoding, setEncoding] = useState<string | null>(null);
  const [sheet, setSheet] = useState<string | null>(one.format.sheet ?? null);
  const [zone, setZone] = useState(one.format.zone ?? here);
  const [source, setSource] = useState(one.source_id ?? "");
  const [chosen, setChosen] = useState<Record<string, string>>(one.format.columns ?? {});
  const rehearse = useChange(one, "rehearse");
  const { data: seen, error } = useQuery({
    queryKey: ["imports", "preview", one.id, content, encoding, sheet],
    queryFn: () => api.post<Preview>(`/api/imports/${one.id}/preview`, { content, encoding, zone: "UTC", sheet }),
    placeholderData: (was) => was,
    retry: false,
  });
  const columns = seen ? Object.fromEntries(seen.columns.map((column) => [column, chosen[column] ?? seen.guessed[column] ?? ""])) : {};
  const used = Object.values(columns).filter(Boolean);
  const twice = used.find((field, index) => used.indexOf(field) !== index);
  const names = used.some((field) => field === "userId" || field === "anonymousId" || /(email|phone|loyalty_card)$/.test(field));
  const table = seen && seen.kind !== "ndjson";
  const zones = [...new Set([zone, here, "UTC", "Europe/Warsaw", "Europe/Moscow", "Europe/London"])];
  return (
    <form
      className="imports-mapping"
      onSubmit={(event) => {
        event.preventDefault();
        rehearse.mutate({ content, encoding: seen?.encoding ?? null, zone, sheet, source_id: source, columns: table ? columns : {} }, { onSuccess: onDone });
      }}
    >
      <div className="imports-choices">
        <SelectField
          label={t("data.imports.source")}
          hint={sources.length === 0 ? t(mayKeys ? "data.imports.noSource" : "data.imports.noSourceAsk") : t("data.imports.sourceHint")}
          value={source}
          choices={[{ value: "", label: t("data.imports.chooseSource") }, ...sources.map(({ id, name }) => ({ value: id, label: name }))]}
          onChange={setSource}
        />
        {(!seen || table) && (
          <SelectField
            label={t("data.imports.rowIs")}
            hint={t(`data.imports.rowIsHint.${content}`)}
            value={content}
            choices={contents.map((value) => ({ value, label: t(`data.imports.rowIsA.${value}`) }))}
            onChange={setContent}
          />
        )}
        <SelectField label={t("data.imports.zone")} hint={t("data.imports.zoneHint")} value={zone} choices={zones.map((value) => ({ value, label: value }))} onChange={setZone} />
        {seen && seen.sheets.length > 1 && (
          <SelectField label={t("data.imports.sheet")} value={sheet ?? seen.sheets[0] ?? ""} choices={seen.sheets.map((value) => ({ value, label: value }))} onChange={setSheet} />
        )}
        {seen && seen.kind === "csv" && (
          <SelectField
            label={t("data.imports.encoding")}
            hint={t("data.imports.encodingHint")}
            value={encoding ?? seen.encoding}
            choices={ENCODINGS.map((value) => ({ value, label: value.toUpperCase() }))}
            onChange={setEncoding}
          />
        )}
      </div>
      {error ? <ProblemBox error={error} /> : !seen ? <Skeleton rows={6} height={32} /> : table ? (
        <Columns seen={seen} content={content} columns={columns} choose={(column, field) => setChosen({ ...chosen, [column]: field })} />
      ) : (
        <pre className="imports-lines" tabIndex={0} aria-label={t("data.imports.firstRows")}>{seen.rows.map(([line]) => line).join("\n")}</pre>
      )}
      <div className="imports-go">
        <Button kind="primary" type="submit" disabled={!seen || Boolean(error) || !source || Boolean(twice) || (table && !names) || rehearse.isPending}>
          {t("data.imports.rehearse")}
        </Button>
        <span className="quiet" role="status">
          {twice ? t("data.imports.twice", { field: twice }) : table && !names ? t("data.imports.nobody") : !source ? t("data.imports.needSource") : t("data.imports.rehearseHint")}
        </span>
      </div>
    </form>
  );
}

/** The first rows under the columns' names, each with the field it goes to. */
function Columns({ seen, content, columns, choose }: { seen: Preview; content: Content; columns: Record<string, string>; choose: (column: string, field: string) => void }) {
  const { t, has } = useI18n();
  const offered = targets(content);
  const label = (field: string) => {
    if (field === "") return t("data.imports.leaveOut");
    const key = `data.imports.fields.${field.split(".").at(-1) ?? field}`;
    return has(key) ? t(key) : field;
  };
  const own = (column: string) => {
    const bare = column.replace(/[.\s]+/g, "_").toLowerCase();
    return content === "customers" ? `traits.${bare}` : `properties.${bare}`;
  };
  return (
    <div className="imports-scroll" tabIndex={0} role="region" aria-label={t("data.imports.firstRows")}>
      <table className="imports-preview">
        <thead>
          <tr>
            {seen.columns.map((column, index) => {
              const value = columns[column] ?? "";
              const choices = [...new Set([...offered, value, own(column)])];
              return (
                <th key={index} scope="col">
                  <span className="imports-column">{column || "—"}</span>
                  <select className="field-input" aria-label={t("data.imports.columnMeans", { column })} value={value} onChange={(event) => choose(column, event.currentTarget.value)}>
                    {choices.map((field) => (
                      <option key={field} value={field}>
                        {field === own(column) && !offered.includes(field) ? t("data.imports.keepAs", { field }) : label(field)}
                      </option>
                    ))}
                  </select>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {seen.rows.slice(0, SHOWN_ROWS).map((row, number) => (
            <tr key={number}>
              {seen.columns.map((column, index) => (
                <td key={index} className={columns[column] ? "" : "imports-left-out"}>
                  {row[index]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
