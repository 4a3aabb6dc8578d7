/** Sites: the brand's shops on the web and beside it, what is true of each, and which sources belong to it. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, usePages, type Setup, type Site } from "~/api";
import { Glyph, useChannelNames } from "~/channels";
import { useI18n } from "~/i18n";
import { useKeys } from "~/keys";
import { PartHead } from "~/shell/Parts";
import { Button, DataTable, Empty, Menu, PagedList, problemText, toast, type Column } from "~/ui";

import "../settings.css";
import { SiteForm, useSiteChoices } from "./SiteForm";
import { useNames } from "./names";

const SHOWN = 3;

/** `site` null: a new one. */
type Window = { site: Site | null } | null;

export function SitesPart() {
  const { t } = useI18n();
  const [open, setOpen] = useState<Window>(null);
  const list = usePages<Site>(["sites"], "/api/sites");
  useSiteChoices();
  const create = () => setOpen({ site: null });
  const add = (
    <Button kind="primary" k="n" onClick={create}>
      {t("settings.sites.create")}
    </Button>
  );
  useKeys(t("settings.sites.title"), [{ keys: "n", label: t("settings.sites.create"), run: create }]);
  return (
    <div className="part">
      <PartHead title={t("settings.sites.title")} lead={t("settings.sites.lead")} actions={add} />
      <PagedList list={list} empty={<Empty title={t("settings.sites.none")}>{t("settings.sites.noneText")}</Empty>}>
        {(rows) => <Sites rows={rows} change={(site) => setOpen({ site })} />}
      </PagedList>
      {open && <SiteForm site={open.site} onClose={() => setOpen(null)} />}
    </div>
  );
}

function Sites({ rows, change }: { rows: Site[]; change: (site: Site) => void }) {
  const { t } = useI18n();
  const { name } = useNames();
  const client = useQueryClient();
  const { data: setup } = useQuery({ queryKey: ["setup"], queryFn: () => api.get<Setup>("/api/setup") });
  const remove = useMutation({
    mutationFn: (site: Site) => api.delete(`/api/sites/${encodeURIComponent(site.name)}`),
    onSuccess: (_, { name: gone, sources: _sources, created_at: _created, ...details }) =>
      toast({
        text: t("settings.sites.removed", { title: details.title }),
        undo: () => void api.post("/api/sites", { name: gone, ...details }).finally(() => client.invalidateQueries({ queryKey: ["sites"] })),
      }),
    onError: (fault) => toast({ kind: "alarm", text: problemText(fault, t).title }),
    onSettled: () => client.invalidateQueries({ queryKey: ["sites"] }),
  });
  const unset = <span className="quiet">{t("settings.sites.notSet")}</span>;
  const columns: Column<Site>[] = [
    {
      key: "title",
      head: t("settings.sites.titleField"),
      phone: "title",
      cell: (site) => (
        <>
          {site.title}
          <span className="table-second">{[site.name === site.title ? null : site.name, site.legal_name].filter(Boolean).join(" · ")}</span>
          {site.domains.map((domain) => (
            <span key={domain} className="table-second">
              {domain}
            </span>
          ))}
        </>
      ),
    },
    {
      key: "place",
      head: t("settings.sites.place"),
      width: "22%",
      cell: (site) => (
        <span>
          {site.country ? name("region", site.country) : t("settings.sites.noCountry")}
          <span className="table-second">{site.language ? name("language", site.language) : unset}</span>
        </span>
      ),
    },
    {
      key: "money",
      head: t("settings.sites.money"),
      width: "20%",
      cell: (site) => (
        <span>
          {site.currency ? name("currency", site.currency) : unset}
          <span className="table-second">{site.time_zone?.replaceAll("_", " ") ?? unset}</span>
        </span>
      ),
    },
    { key: "sources", head: t("settings.sites.sources"), width: "28%", cell: (site) => <Sources site={site} sources={setup?.sources.filter((each) => each.site === site.name) ?? []} /> },
    {
      key: "actions",
      head: t("settings.sites.actions"),
      width: "72px",
      phone: "bare",
      cell: (site) => (
        <Menu
          label={t("settings.sites.actionsOf", { name: site.title })}
          items={[
            { label: t("settings.sites.change"), run: () => change(site) },
            // Sources keep their site, so one that has any stays.
            ...(site.sources === 0 ? [{ label: t("settings.sites.remove"), run: () => remove.mutate(site), danger: true }] : []),
          ]}
        />
      ),
    },
  ];
  return <DataTable label={t("settings.sites.title")} columns={columns} rows={rows} keyOf={(site) => site.name} />;
}

/** In the order of Setup, which stays as it is while events come; a long list is folded. */
function Sources({ site, sources }: { site: Site; sources: Setup["sources"] }) {
  const { t, fmt } = useI18n();
  const { name } = useChannelNames();
  const [all, setAll] = useState(false);
  if (site.sources === 0) return <span className="quiet">{t("settings.sites.noSources")}</span>;
  const rest = sources.length - SHOWN;
  return (
    <div>
      <ul className="table-lines">
        {(all ? sources : sources.slice(0, SHOWN)).map((source) => (
          <li key={source.id}>
            <Glyph channel={source.channel} size={14} label={name(source.channel)} /> {source.name}
            <span className="quiet"> · {source.last_at ? fmt.ago(source.last_at) : t("settings.sites.silent")}</span>
          </li>
        ))}
      </ul>
      {rest > 0 && (
        <Button dense aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t("settings.sites.fewerSources") : t("settings.sites.moreSources", { n: rest })}
        </Button>
      )}
    </div>
  );
}
