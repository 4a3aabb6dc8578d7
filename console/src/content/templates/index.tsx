/** Templates: what messages say, in which channels and languages, and how far each has come. */
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense, useRef, useState } from "react";

import { actorText } from "~/actors";
import { useMay, usePages } from "~/api";
import { channelColour, Glyph } from "~/channels";
import { useI18n } from "~/i18n";
import { useKeys } from "~/keys";
import { doorOf } from "~/messages/words";
import { Button, Chip, DataTable, Empty, PagedList, SearchField, useDebounced, useNow, type Column } from "~/ui";

import { PartHead } from "~/shell/Parts";

import type { TemplateLine } from "./model";
import { stateText, useNames } from "./words";
import "./templates.css";

const NewTemplate = lazy(() => import("./New"));

export function TemplatesPage() {
  const { t } = useI18n();
  const may = useMay("templates.edit");
  const navigate = useNavigate();
  const { q = "", archived } = useSearch({ from: "/content/templates" });
  const text = useDebounced(q.trim().toLowerCase(), 200);
  const list = usePages<TemplateLine>(["templates"], "/api/templates", { text, archived: archived === "1" });
  const [making, setMaking] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const go = (change: { q?: string; archived?: string }) => void navigate({ to: "/content/templates", search: { q, archived, ...change }, replace: true });
  const step = (by: number) => {
    const links = [...(body.current?.querySelectorAll<HTMLElement>(".tpl-name") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    links[at < 0 ? 0 : Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
  };
  useKeys(t("content.title"), [
    { keys: "/", label: t("content.keys.search"), run: () => field.current?.focus() },
    { keys: "j", label: t("content.keys.next"), run: () => step(1) },
    { keys: "k", label: t("content.keys.previous"), run: () => step(-1) },
    { keys: "n", label: t("content.new.action"), off: !may, run: () => setMaking(true) },
    { keys: "Escape", label: t("content.keys.leave"), typing: true, quiet: true, run: () => (document.activeElement === field.current ? field.current?.blur() : go({ q: undefined })) },
  ]);
  const filtered = text !== "" || archived === "1";
  return (
    <div className="tpl-page">
      <PartHead
        title={t("content.title")}
        lead={t("content.lead")}
        actions={
          may && (
            <Button kind="primary" k="n" aria-haspopup="dialog" onClick={() => setMaking(true)}>
              {t("content.new.action")}
            </Button>
          )
        }
      />
      <div className="tpl-filters">
        <SearchField ref={field} label={t("content.search")} placeholder={t("content.search")} value={q} onChange={(next) => go({ q: next })} k={q ? "Escape" : "/"} />
        <Chip on={archived === "1"} onClick={() => go({ archived: archived === "1" ? undefined : "1" })}>
          {t("content.archived")}
        </Chip>
      </div>
      <div ref={body}>
        <PagedList
          list={list}
          empty={
            filtered ? (
              <Empty title={t("content.none")} actions={<Button onClick={() => go({ q: undefined, archived: undefined })}>{t("content.clear")}</Button>}>
                {t("content.noneText")}
              </Empty>
            ) : (
              <Empty
                title={t("content.empty")}
                actions={
                  may && (
                    <Button kind="primary" onClick={() => setMaking(true)}>
                      {t("content.new.action")}
                    </Button>
                  )
                }
              >
                {t("content.emptyText")}
              </Empty>
            )
          }
        >
          {(rows) => <Rows rows={rows} />}
        </PagedList>
      </div>
      <Suspense fallback={null}>{making && <NewTemplate onClose={() => setMaking(false)} />}</Suspense>
    </div>
  );
}

function Rows({ rows }: { rows: TemplateLine[] }) {
  const { t, fmt } = useI18n();
  const names = useNames();
  const now = useNow(60_000);
  const columns: Column<TemplateLine>[] = [
    {
      key: "name",
      head: t("content.columns.name"),
      phone: "title",
      width: "26%",
      cell: (row) => (
        <>
          <Link className="tpl-name" to="/content/templates/$template" params={{ template: row.id }}>
            {row.name}
          </Link>
          <span className="table-second">
            {names.purpose(row.purpose)}, {t(`messages.classes.${row.message_class}`)}, {t("content.ofSite", { site: row.site })}
          </span>
        </>
      ),
    },
    { key: "variants", head: t("content.columns.variants"), width: "30%", cell: (row) => <Matrix row={row} /> },
    {
      key: "state",
      head: t("content.columns.state"),
      width: "22%",
      cell: (row) => (
        <span>
          {stateText(row, t)}
          {row.published_at && (
            <span className="table-second">
              {fmt.dateTime(row.published_at)}, {actorText(row.published_by ?? "", t)}
            </span>
          )}
        </span>
      ),
    },
    {
      key: "changed",
      head: t("content.columns.changed"),
      cell: (row) => (
        <span>
          <time dateTime={row.drafted_at}>{fmt.ago(row.drafted_at, now)}</time>
          <span className="table-second">{actorText(row.drafted_by, t)}</span>
        </span>
      ),
    },
  ];
  return <DataTable label={t("content.title")} columns={columns} rows={rows} keyOf={(row) => row.id} />;
}

/** Channels down, languages across; what a channel lacks of the template's languages stands there as a gap. */
function Matrix({ row }: { row: TemplateLine }) {
  const { t } = useI18n();
  const names = useNames();
  if (row.variants.length === 0) return <span className="quiet">{t("content.nothing")}</span>;
  return (
    <ul className="tpl-matrix">
      {row.channels.map((channel) => (
        <li key={channel}>
          <span className="tpl-channel" style={{ color: channelColour(doorOf(channel)) }}>
            <Glyph channel={doorOf(channel)} size={14} /> {names.channel(channel)}
          </span>
          {row.languages.map((language) => {
            const has = row.variants.some((each) => each.channel === channel && each.language === language);
            const label = t(has ? "content.has" : "content.lacks", { channel: names.channel(channel), language: names.language(language) });
            return (
              <span key={language} className={has ? "tpl-lang" : "tpl-lang tpl-lack"} title={label}>
                <span aria-hidden="true">{language}</span>
                <span className="seen-by-readers">{label}</span>
              </span>
            );
          })}
        </li>
      ))}
    </ul>
  );
}
