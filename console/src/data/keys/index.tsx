/** Keys: who may send events, and which programs may read and change customers. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { actorText } from "~/actors";
import { api, usePages, type ApiKey } from "~/api";
import { Glyph, useChannelNames } from "~/channels";
import { useI18n } from "~/i18n";
import { useKeys } from "~/keys";
import { PartHead } from "~/shell/Parts";
import { Button, Chip, DataTable, Dialog, Empty, Menu, PagedList, problemText, toast, type Column } from "~/ui";

import "~/settings/settings.css";

import { NewKey, type Draft } from "./NewKey";

export function KeysPart() {
  const { t } = useI18n();
  const [draft, setDraft] = useState<Draft | null>(null);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const [all, setAll] = useState(false);
  const list = usePages<ApiKey>(["keys"], "/api/keys", { revoked: all ? undefined : "false" });
  const create = () => setDraft({});
  useKeys(t("data.keys.title"), [{ keys: "n", label: t("data.keys.create"), run: create }]);
  return (
    <div className="part">
      <PartHead
        title={t("data.keys.title")}
        lead={t("data.keys.lead")}
        actions={
          <>
            <Chip on={all} onClick={() => setAll(!all)}>
              {t("data.keys.showRevoked")}
            </Chip>
            <Button kind="primary" k="n" onClick={create}>
              {t("data.keys.create")}
            </Button>
          </>
        }
      />
      <PagedList list={list} empty={<Empty title={t("data.keys.none")}>{t("data.keys.noneText")}</Empty>}>
        {(rows) => <KeyTable rows={rows} onRevoke={setRevoking} onReplace={(key) => setDraft({ like: key })} />}
      </PagedList>
      {draft && <NewKey draft={draft} onClose={() => setDraft(null)} />}
      {revoking && <Revoke apiKey={revoking} onClose={() => setRevoking(null)} />}
    </div>
  );
}

function KeyTable({ rows, onRevoke, onReplace }: { rows: ApiKey[]; onRevoke: (key: ApiKey) => void; onReplace: (key: ApiKey) => void }) {
  const { t, fmt } = useI18n();
  const { name } = useChannelNames();
  const columns: Column<ApiKey>[] = [
    {
      key: "name",
      head: t("data.keys.name"),
      phone: "title",
      cell: (key) => (
        <>
          {key.name}
          <span className="table-second">
            {t(`data.keys.scopes.${key.scope}`)} · …{key.hint}
          </span>
        </>
      ),
    },
    {
      key: "may",
      head: t("data.keys.may"),
      width: "40%",
      cell: (key) =>
        key.scope === "write" && key.channel ? (
          <span>
            <Glyph channel={key.channel} size={14} /> {t("data.keys.sends", { source: key.source ?? "", channel: name(key.channel), site: key.site ?? "" })}
          </span>
        ) : (
          <ul className="table-lines">
            {key.permissions.length > 0 ? key.permissions.map((each) => <li key={each}>{t(`settings.permissions.${each}`)}</li>) : <li>{t("data.keys.nothing")}</li>}
          </ul>
        ),
    },
    {
      key: "used",
      head: t("data.keys.used"),
      cell: (key) => (
        <span>
          {key.last_used_at ? fmt.ago(key.last_used_at) : t("data.keys.never")}
          <span className="table-second">{key.made_by ? t("data.keys.madeBy", { date: fmt.shortDay(key.created_at), who: actorText(key.made_by, t) }) : t("data.keys.made", { date: fmt.shortDay(key.created_at) })}</span>
        </span>
      ),
    },
    {
      key: "actions",
      head: t("data.keys.actions"),
      width: "72px",
      phone: "bare",
      cell: (key) =>
        key.revoked_at ? (
          <span className="quiet">{t("data.keys.revoked", { date: fmt.shortDay(key.revoked_at) })}</span>
        ) : (
          <Menu
            label={t("data.keys.actionsOf", { name: key.name })}
            items={[
              { label: t("data.keys.replace"), run: () => onReplace(key) },
              { label: t("data.keys.revoke"), run: () => onRevoke(key), danger: true },
            ]}
          />
        ),
    },
  ];
  return <DataTable label={t("data.keys.title")} columns={columns} rows={rows} keyOf={(key) => key.id} />;
}

function Revoke({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const { t, fmt } = useI18n();
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => api.delete(`/api/keys/${apiKey.id}`),
    onSuccess: () => {
      toast({ text: t("data.keys.isRevoked", { name: apiKey.name }) });
      void client.invalidateQueries({ queryKey: ["keys"] });
      onClose();
    },
    onError: (error) => toast({ kind: "alarm", text: problemText(error, t).title }),
  });
  return (
    <Dialog
      title={t("data.keys.revokeTitle", { name: apiKey.name })}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="danger" disabled={revoke.isPending} onClick={() => revoke.mutate()}>
            {t("data.keys.revoke")}
          </Button>
        </>
      }
    >
      <p>{t("data.keys.revokeText")}</p>
      <p className="quiet">{apiKey.last_used_at ? t("data.keys.lastUsed", { when: fmt.ago(apiKey.last_used_at) }) : t("data.keys.neverUsed")}</p>
    </Dialog>
  );
}
