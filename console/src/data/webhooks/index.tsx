/** Webhooks: other programs tell what happened, each in its own form. */
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import { useMay, usePages } from "~/api";
import { Glyph, useChannelNames } from "~/channels";
import { useI18n } from "~/i18n";
import { useKeys } from "~/keys";
import { PartHead } from "~/shell/Parts";
import { Button, DataTable, Empty, PagedList, TextLink, type Column } from "~/ui";

import { NewHook } from "./HookDialogs";
import type { Webhook } from "./model";
import "./webhooks.css";

export function WebhooksPart() {
  const { t } = useI18n();
  const go = useNavigate();
  const may = useMay("webhooks.edit");
  const [making, setMaking] = useState(false);
  const list = usePages<Webhook>(["webhooks"], "/api/webhooks");
  const create = () => setMaking(true);
  useKeys(t("webhooks.title"), may ? [{ keys: "n", label: t("webhooks.create"), run: create }] : []);
  const button = may && (
    <Button kind="primary" k="n" onClick={create}>
      {t("webhooks.create")}
    </Button>
  );
  return (
    <div className="part">
      <PartHead title={t("webhooks.title")} lead={t("webhooks.lead")} actions={(list.loading || list.rows.length > 0) && button} />
      <PagedList
        list={list}
        empty={
          <Empty title={t("webhooks.empty")} actions={button}>
            {t("webhooks.emptyText")}
          </Empty>
        }
      >
        {(rows) => <HookTable rows={rows} />}
      </PagedList>
      {making && <NewHook onClose={() => setMaking(false)} onMade={(hook) => void go({ to: "/data/webhooks/$hook", params: { hook: hook.id } })} />}
    </div>
  );
}

function HookTable({ rows }: { rows: Webhook[] }) {
  const { t, fmt } = useI18n();
  const { name } = useChannelNames();
  const columns: Column<Webhook>[] = [
    {
      key: "name",
      head: t("webhooks.name"),
      phone: "title",
      cell: (hook) => (
        <TextLink to="/data/webhooks/$hook" params={{ hook: hook.id }}>
          {hook.name}
        </TextLink>
      ),
    },
    {
      key: "source",
      head: t("webhooks.channel"),
      cell: (hook) => (
        <span>
          <Glyph channel={hook.channel} size={14} /> {t("webhooks.comesBy", { channel: name(hook.channel), site: hook.site })}
        </span>
      ),
    },
    { key: "mapping", head: t("webhooks.mapping.title"), cell: (hook) => (hook.version ? t("webhooks.mapping.version", { n: hook.version }) : t("webhooks.mapping.none")) },
    { key: "last", head: t("webhooks.last"), cell: (hook) => (hook.last_at ? fmt.ago(hook.last_at) : t("webhooks.never")) },
    {
      key: "unmapped",
      head: t("webhooks.waiting"),
      numeric: true,
      cell: (hook) => <span className={hook.unmapped ? "alarm" : "quiet"}>{fmt.number(hook.unmapped)}</span>,
    },
  ];
  return <DataTable label={t("webhooks.title")} columns={columns} rows={rows} keyOf={(hook) => hook.id} />;
}
