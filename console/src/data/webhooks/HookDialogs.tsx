/** Windows of webhooks: making one, its secret shown once, another secret, another name, the end of it. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";

import { api } from "~/api";
import { channels, isChannel, useChannelNames, type Channel } from "~/channels";
import { useI18n } from "~/i18n";
import { Button, CheckField, CodeBlock, Dialog, ProblemBox, SelectField, TextField, toast } from "~/ui";

import type { Webhook, WithSecret } from "./model";

function SecretShown({ made, title, onClose }: { made: WithSecret; title: string; onClose: () => void }) {
  const { t, fmt } = useI18n();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      footer={
        <Button kind="primary" onClick={onClose}>
          {t("webhooks.secret.kept")}
        </Button>
      }
    >
      <div className="form">
        <p>{t("webhooks.secret.once")}</p>
        <CodeBlock text={made.secret} label={t("webhooks.secret.label")} />
        <p>{t("webhooks.secret.address")}</p>
        <CodeBlock text={made.address} label={t("webhooks.address.label")} />
        {made.old_secret_until && <p>{t("webhooks.secret.old", { when: fmt.dateTime(made.old_secret_until) })}</p>}
      </div>
    </Dialog>
  );
}

export function NewHook({ onClose, onMade }: { onClose: () => void; onMade: (hook: Webhook) => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const { name: channelName } = useChannelNames();
  const [name, setName] = useState("");
  const [channel, setChannel] = useState<Channel>("shop");
  const [site, setSite] = useState("main");
  const [secret, setSecret] = useState("");
  const make = useMutation({
    mutationFn: () => api.post<WithSecret>("/api/webhooks", { name, channel, site, ...(secret.trim() ? { secret: secret.trim() } : {}) }),
    onSuccess: () => Promise.all([client.invalidateQueries({ queryKey: ["webhooks"] }), client.invalidateQueries({ queryKey: ["sources"] })]),
  });
  if (make.data) return <SecretShown made={make.data} title={t("webhooks.secret.made", { name: make.data.name })} onClose={() => onMade(make.data)} />;
  return (
    <Dialog
      title={t("webhooks.create")}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" form="new-hook" disabled={make.isPending || !name.trim()}>
            {t("webhooks.make")}
          </Button>
        </>
      }
    >
      <form
        id="new-hook"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          make.mutate();
        }}
      >
        {make.error && <ProblemBox error={make.error} />}
        <TextField label={t("webhooks.name")} hint={t("webhooks.nameHint")} value={name} onChange={setName} maxLength={120} required data-autofocus />
        <div className="form-row">
          <SelectField
            label={t("webhooks.channel")}
            value={channel}
            choices={channels.map((value) => ({ value, label: channelName(value) }))}
            onChange={(value) => isChannel(value) && setChannel(value)}
          />
          <TextField label={t("webhooks.site")} hint={t("webhooks.siteHint")} value={site} onChange={setSite} maxLength={120} required />
        </div>
        <TextField label={t("webhooks.given")} hint={t("webhooks.givenHint")} value={secret} onChange={setSecret} maxLength={300} autoComplete="off" spellCheck={false} placeholder="whsec_…" />
      </form>
    </Dialog>
  );
}

export function Rotate({ hook, onClose }: { hook: Webhook; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [secret, setSecret] = useState("");
  const [atOnce, setAtOnce] = useState(false);
  const rotate = useMutation({
    mutationFn: () => api.post<WithSecret>(`/api/webhooks/${hook.id}/secret`, { at_once: atOnce, ...(secret.trim() ? { secret: secret.trim() } : {}) }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["webhook", hook.id] }),
  });
  if (rotate.data) return <SecretShown made={rotate.data} title={t("webhooks.secret.new", { name: hook.name })} onClose={onClose} />;
  return (
    <Ask title={t("webhooks.rotate.title", { name: hook.name })} action={t("webhooks.rotate.action")} busy={rotate.isPending} error={rotate.error} onClose={onClose} onDo={() => rotate.mutate()}>
      <p>{t("webhooks.rotate.text")}</p>
      <TextField label={t("webhooks.given")} hint={t("webhooks.givenHint")} value={secret} onChange={setSecret} maxLength={300} autoComplete="off" spellCheck={false} placeholder="whsec_…" />
      <CheckField label={t("webhooks.rotate.atOnce")} hint={t("webhooks.rotate.atOnceHint")} checked={atOnce} onChange={setAtOnce} />
    </Ask>
  );
}

export function Rename({ hook, onClose }: { hook: Webhook; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [name, setName] = useState(hook.name);
  const rename = useMutation({
    mutationFn: () => api.patch(`/api/webhooks/${hook.id}`, { name }),
    onSuccess: async () => {
      await Promise.all([client.invalidateQueries({ queryKey: ["webhook", hook.id] }), client.invalidateQueries({ queryKey: ["webhooks"] })]);
      onClose();
    },
  });
  return (
    <Ask title={t("webhooks.rename")} action={t("webhooks.rename")} busy={rename.isPending || !name.trim()} error={rename.error} onClose={onClose} onDo={() => rename.mutate()}>
      <TextField label={t("webhooks.name")} value={name} onChange={setName} maxLength={120} required data-autofocus />
    </Ask>
  );
}

export function Remove({ hook, onClose, onGone }: { hook: Webhook; onClose: () => void; onGone: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.delete(`/api/webhooks/${hook.id}`),
    onSuccess: async () => {
      toast({ text: t("webhooks.remove.done", { name: hook.name }) });
      onGone();
      await client.invalidateQueries({ queryKey: ["webhooks"] });
    },
  });
  return (
    <Ask title={t("webhooks.remove.title", { name: hook.name })} action={t("webhooks.remove.action")} danger busy={remove.isPending} error={remove.error} onClose={onClose} onDo={() => remove.mutate()}>
      <p>{t("webhooks.remove.text")}</p>
      {hook.unmapped > 0 && <p className="alarm">{t("webhooks.remove.unmapped", { n: hook.unmapped })}</p>}
    </Ask>
  );
}

function Ask(props: { title: string; action: string; danger?: boolean; busy: boolean; error: unknown; onClose: () => void; onDo: () => void; children: ReactNode }) {
  const { t } = useI18n();
  return (
    <Dialog
      title={props.title}
      onClose={props.onClose}
      footer={
        <>
          <Button onClick={props.onClose}>{t("common.cancel")}</Button>
          <Button kind={props.danger ? "danger" : "primary"} type="submit" form="hook-ask" disabled={props.busy}>
            {props.action}
          </Button>
        </>
      }
    >
      <form
        id="hook-ask"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          props.onDo();
        }}
      >
        {Boolean(props.error) && <ProblemBox error={props.error} />}
        {props.children}
      </form>
    </Dialog>
  );
}
