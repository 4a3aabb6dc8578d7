import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, useMe, usePages, useSources, type ApiKey, type Roles, type Site } from "~/api";
import { channels, isChannel, useChannelNames, type Channel } from "~/channels";
import { useI18n, type MessageKey } from "~/i18n";
import { Button, CheckField, ChoiceField, CodeBlock, Dialog, ProblemBox, SelectField, TextField } from "~/ui";

/** `like`: what the new key shall stand for, when it replaces one. */
export interface Draft {
  like?: ApiKey;
}

const NEW = "";

/** Ask what the key is for; then show it, this once. */
export function NewKey({ draft: { like }, onClose }: { draft: Draft; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const sources = useSources() ?? [];
  const sites = usePages<Site>(["sites"], "/api/sites", { limit: "200" }).rows;
  const { name: channelName } = useChannelNames();
  const me = useMe();
  const { data: matrix } = useQuery({ queryKey: ["roles"], queryFn: () => api.get<Roles>("/api/roles"), staleTime: Number.POSITIVE_INFINITY });
  const [scope, setScope] = useState(like?.scope ?? "write");
  const [name, setName] = useState(like?.name ?? "");
  const [source, setSource] = useState(like?.source ?? NEW);
  const [channel, setChannel] = useState<Channel>("site");
  const [pickedSite, setSite] = useState<string | null>(null);
  const site = pickedSite ?? (sites.some((each) => each.name === "main") ? "main" : (sites[0]?.name ?? "main"));
  const [picked, setPicked] = useState<string[] | null>(like?.permissions ?? null);
  const mine = matrix?.for_keys.filter((each) => me?.permissions.includes(each)) ?? [];
  const allowed = picked ?? matrix?.usual_for_keys.filter((each) => mine.includes(each)) ?? [];
  const old = sources.find((each) => each.name === source);
  const make = useMutation({
    mutationFn: () =>
      api.post<ApiKey & { key: string }>("/api/keys", {
        name,
        scope,
        ...(scope === "secret" ? { permissions: allowed } : old ? { source: old.name, channel: old.channel, site: old.site ?? "main" } : { channel, site }),
      }),
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ["keys"] }), client.invalidateQueries({ queryKey: ["sources"] }), client.invalidateQueries({ queryKey: ["sites"] })]),
  });
  if (make.data) {
    return (
      <Dialog title={t("data.keys.madeTitle", { name: make.data.name })} onClose={onClose} footer={<Button kind="primary" onClick={onClose}>{t("data.keys.kept")}</Button>}>
        <div className="form">
          <p>{t("data.keys.once")}</p>
          <CodeBlock text={make.data.key} label={t("data.keys.theKey")} />
          {like && <p>{t("data.keys.replaceNext", { hint: like.hint })}</p>}
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog
      title={like ? t("data.keys.replaceTitle", { name: like.name }) : t("data.keys.create")}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" form="new-key" disabled={make.isPending || !name.trim()}>
            {t("data.keys.make")}
          </Button>
        </>
      }
    >
      <form
        id="new-key"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        {make.error && <ProblemBox error={make.error} />}
        {!like && (
          <SelectField
            label={t("data.keys.kind")}
            hint={t(`data.keys.kinds.${scope}`)}
            value={scope}
            choices={(["write", "secret"] as const).map((value) => ({ value, label: t(`data.keys.scopes.${value}`) }))}
            onChange={setScope}
          />
        )}
        <TextField label={t("data.keys.name")} hint={t("data.keys.nameHint")} value={name} onChange={setName} maxLength={120} required data-autofocus />
        {scope === "write" && !like && (
          <>
            <SelectField
              label={t("data.keys.source")}
              hint={t("data.keys.sourceHint")}
              value={source}
              choices={[{ value: NEW, label: t("data.keys.newSource") }, ...sources.map((each) => ({ value: each.name, label: each.name }))]}
              onChange={setSource}
            />
            {!old && (
              <div className="form-row">
                <SelectField
                  label={t("data.keys.channel")}
                  value={channel}
                  choices={channels.map((value) => ({ value, label: channelName(value) }))}
                  onChange={(value) => isChannel(value) && setChannel(value)}
                />
                <ChoiceField
                  label={t("data.keys.site")}
                  hint={t("data.keys.siteHint")}
                  value={site}
                  choices={sites.map((each) => ({ value: each.name, label: each.title === each.name ? each.name : `${each.title} (${each.name})` }))}
                  onChange={setSite}
                  maxLength={160}
                  required
                />
              </div>
            )}
          </>
        )}
        {scope === "secret" && (
          <fieldset className="keys-permissions">
            <legend>{t("data.keys.allowed")}</legend>
            {mine.map((each) => (
              <CheckField
                key={each}
                label={t(`settings.permissions.${each}` as MessageKey)}
                checked={allowed.includes(each)}
                onChange={(on) => setPicked(on ? [...allowed, each] : allowed.filter((one) => one !== each))}
              />
            ))}
          </fieldset>
        )}
      </form>
    </Dialog>
  );
}
