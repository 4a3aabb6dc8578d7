/** One account: its settings, tried before they are kept. A new one, or one that is there. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";

import { api, Problem, useMay, usePages, type Site, type Account, type ChannelKind } from "~/api";
import { Glyph } from "~/channels";
import { useI18n } from "~/i18n";
import { PartHead } from "~/shell/Parts";
import { Button, CodeBlock, Empty, ProblemBox, Section, SelectField, Skeleton, TextField, TextLink, toast } from "~/ui";

import "../settings.css";
import { blank, changed, Fields, placeMoved, sentOf, wrongOf, type Drafts } from "./Fields";
import { HowTo } from "./HowTo";
import { doorOf, useChannelTitle } from "./model";
import { blankPace, PaceFields, paceOf, paceWrong } from "./Pace";
import { faultOf, useAccounts, useManifests } from "./queries";
import { Result } from "./Result";
import { troubleOfProblem } from "./troubles";
import "./channels.css";

interface Probe {
  name: string;
  detail: Record<string, string>;
}

export function AccountPart() {
  const { account: id } = useParams({ strict: false }) as { account: string };
  const { channel } = useSearch({ strict: false }) as { channel?: string };
  const { t, has } = useI18n();
  const manifests = useManifests();
  const accounts = useAccounts();
  const sites = usePages<Site>(["sites"], "/api/sites", { limit: 200 });
  const title = useChannelTitle(manifests.data?.data);
  const account = accounts.data?.data.find((each) => each.id === id);
  const kind = id === "new" ? (channel ?? "email") : account?.channel;
  const manifest = manifests.data?.data.find((each) => each.kind === kind);
  const fault = faultOf(manifests, accounts) ?? (sites.rows.length === 0 ? sites.error : null);
  const known = manifest && (id === "new" || account);
  // Those that we know are named in their case; what a package brings stands after a colon.
  const connecting = (one: ChannelKind) => {
    const own = `accounts.form.newOf.${one.kind}`;
    return has(own) ? t(own) : t("accounts.form.new", { channel: title(one.kind) });
  };
  return (
    <div className="part">
      <TextLink to="/settings/channels">{t("accounts.form.back")}</TextLink>
      <PartHead
        title={known ? (account ? t("accounts.form.edit", { name: account.name }) : connecting(manifest)) : t("accounts.title")}
        lead={
          known && (
            <span className="acc-lead">
              <Glyph channel={doorOf(manifest.kind)} size={16} />
              <span>
                {account ? `${title(manifest.kind)} · ${account.site}. ` : ""}
                {t("accounts.form.lead")}
              </span>
            </span>
          )
        }
      />
      {fault ? (
        <ProblemBox error={fault} onRetry={() => void Promise.all([manifests.refetch(), accounts.refetch(), sites.retry()])} />
      ) : !manifests.data || !accounts.data || sites.loading ? (
        <Skeleton rows={10} height={48} />
      ) : known ? (
        <Settings key={`${id} ${manifest.kind}`} manifest={manifest} account={account ?? null} sites={sites.rows} title={title(manifest.kind)} />
      ) : (
        <Empty title={t("accounts.form.gone")} />
      )}
    </div>
  );
}

/** Everything that is typed, in one piece: whether it is what was tried is seen by comparing. */
interface Draft {
  fields: Drafts;
  name: string;
  site: string;
  pace: ReturnType<typeof blankPace>;
}

function useDraft(manifest: ChannelKind, account: Account | null, sites: Site[], title: string) {
  const [draft, setDraft] = useState<Draft>(() => ({
    fields: blank(manifest, account),
    name: account?.name ?? title,
    site: account?.site ?? sites[0]?.name ?? "main",
    pace: blankPace(manifest, account),
  }));
  return { draft, set: (by: Partial<Draft>) => setDraft((was) => ({ ...was, ...by })) };
}

function Settings({ manifest, account, sites, title }: { manifest: ChannelKind; account: Account | null; sites: Site[]; title: string }) {
  const i18n = useI18n();
  const { t } = i18n;
  const go = useNavigate();
  const client = useQueryClient();
  const may = useMay("channels.edit");
  const form = useRef<HTMLFormElement>(null);
  const { draft, set } = useDraft(manifest, account, sites, title);
  const [looked, setLooked] = useState(false);
  const [tried, setTried] = useState<{ fields: Drafts; probe: Probe } | null>(null);
  const moved = placeMoved(manifest, draft.fields, account);
  const wrong = wrongOf(manifest, draft.fields, account, t);
  const settings = sentOf(manifest, draft.fields);
  const currency = account?.currency ?? sites.find(({ name }) => name === draft.site)?.currency ?? "EUR";
  const pace = paceOf(draft.pace, currency);

  /** To the field that it is about, once it is drawn. */
  const aim = () => requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus());
  const probe = useMutation({
    mutationFn: (fields: Drafts) => api.post<Probe>("/api/account-probes", { channel: manifest.kind, settings: sentOf(manifest, fields), ...(account ? { account: account.id } : {}) }),
    onSuccess: (found, fields) => {
      setTried({ fields, probe: found });
      // What the provider calls it tells it from others better than the channel's name, unless somebody chose one.
      if (!account && draft.name === title) set({ name: found.name.slice(0, 80) });
    },
  });
  const save = useMutation({
    mutationFn: () => {
      const more = { settings, limits: pace.limits, cost_minor: pace.cost_minor };
      if (account) return api.patch<Account>(`/api/accounts/${account.id}`, more);
      return api.post<Account>("/api/accounts", { channel: manifest.kind, name: draft.name.trim(), site: draft.site, currency, ...more });
    },
    onSuccess: async (kept) => {
      toast({ text: t(kept.trouble ? "accounts.form.savedTrouble" : account ? "accounts.form.savedChange" : "accounts.form.saved", { name: kept.name }), kind: kept.trouble ? "alarm" : "plain" });
      await client.invalidateQueries({ queryKey: ["accounts"] });
      void go({ to: "/settings/channels" });
    },
  });
  const fault = save.error ?? probe.error;
  useEffect(() => {
    if (fault) aim();
  }, [fault]);
  const trouble = troubleOfProblem(fault, manifest.settings, i18n);
  const stale = tried !== null && tried.fields !== draft.fields;
  const mayKeep = (tried !== null && !stale) || (account !== null && !account.trouble && !changed(manifest, draft.fields, account));
  const taken = save.error instanceof Problem && save.error.code === "account_taken" ? t("accounts.form.taken") : undefined;
  const busy = probe.isPending || save.isPending;
  const ready = wrong.size === 0 && !paceWrong(draft.pace) && draft.name.trim() !== "";

  const change = (by: Partial<Draft>) => {
    set(by);
    save.reset();
    if (by.fields) probe.reset();
  };
  const run = (what: () => void) => {
    setLooked(true);
    if (busy) return;
    if (ready) what();
    else aim();
  };
  const errors = new Map(looked ? wrong : []);
  for (const [name, text] of Object.entries(trouble?.fields ?? {})) if (!errors.has(name)) errors.set(name, text);
  return (
    <div className={account ? "acc-page" : "acc-page acc-new"}>
      <form
        ref={form}
        className="form acc-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          run(() => (mayKeep ? save.mutate() : probe.mutate(draft.fields)));
        }}
      >
        {!may && <p className="quiet">{t("accounts.form.readOnly")}</p>}
        <fieldset className="acc-fields" disabled={!may}>
          <legend className="seen-by-readers">{t("accounts.form.provider")}</legend>
          <Fields manifest={manifest} drafts={draft.fields} account={account} moved={moved} errors={errors} onChange={(fields) => change({ fields })} />
          <hr />
          {!account && (
            <div className="form-row">
              <TextField label={t("accounts.form.name")} hint={t("accounts.form.nameHint")} error={taken} value={draft.name} onChange={(name) => change({ name })} maxLength={80} required />
              <SelectField
                label={t("accounts.form.site")}
                hint={t(sites.length > 0 ? "accounts.form.siteHint" : "accounts.form.noSites")}
                value={draft.site}
                choices={sites.length > 0 ? sites.map((site) => ({ value: site.name, label: site.title })) : [{ value: "main", label: "main" }]}
                onChange={(site) => change({ site })}
              />
            </div>
          )}
          <PaceFields draft={draft.pace} currency={currency} onChange={(value) => change({ pace: value })} />
        </fieldset>
        <div role="status" className="acc-result">
          <Result probe={tried && !stale ? tried.probe : null} trouble={trouble} fault={trouble || taken ? null : fault} stale={stale} busy={probe.isPending} />
        </div>
        {may && (
          <div className="form-actions">
            <Button kind={mayKeep ? "plain" : "primary"} type={mayKeep ? "button" : "submit"} onClick={mayKeep ? () => run(() => probe.mutate(draft.fields)) : undefined}>
              {t(probe.isPending ? "accounts.form.trying" : "accounts.form.try")}
            </Button>
            <Button kind={mayKeep ? "primary" : "plain"} type={mayKeep ? "submit" : "button"} disabled={!mayKeep}>
              {t("accounts.form.save")}
            </Button>
            {!mayKeep && <span className="quiet">{t(stale ? "accounts.form.changed" : "accounts.form.tryFirst")}</span>}
          </div>
        )}
      </form>
      <aside className="acc-aside">
        <HowTo kind={manifest.kind} />
        {account?.calls && (
          <Section title={t("accounts.form.calls")}>
            <p className="field-hint">{t("accounts.form.callsHint")}</p>
            <CodeBlock text={account.calls} label={t("accounts.form.calls")} />
          </Section>
        )}
      </aside>
    </div>
  );
}
