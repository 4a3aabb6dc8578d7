/** One site in a window. Before another country is saved it says what that means. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, type Site } from "~/api";
import { useI18n } from "~/i18n";
import { Button, ChoiceField, Dialog, ProblemBox, TextArea, TextField, toast } from "~/ui";

import { useNames } from "./names";

interface Choices {
  countries: string[];
  languages: string[];
  currencies: string[];
  time_zones: string[];
}

/** What may stand in the fields. The list asks for it beforehand, so that the window opens at once. */
export function useSiteChoices() {
  return useQuery({ queryKey: ["site-choices"], queryFn: () => api.get<Choices>("/api/site-choices"), staleTime: Number.POSITIVE_INFINITY });
}

const NAME = /^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$/;
/** What surely is no host name; the server looks closer. */
const MORE_THAN_A_HOST = /[\s/:*@?#]|^[\d.]+$/;

export function SiteForm({ site, onClose }: { site: Site | null; onClose: () => void }) {
  const { t } = useI18n();
  const { data: choices, error, refetch } = useSiteChoices();
  const title = site ? t("settings.sites.changeOf", { name: site.title }) : t("settings.sites.create");
  if (choices) return <Fields site={site} choices={choices} title={title} onClose={onClose} />;
  // No window that only waits: when another took its place, the focus would go back to the page.
  if (!error) return null;
  return (
    <Dialog title={title} onClose={onClose} width={560}>
      <ProblemBox error={error} onRetry={() => void refetch()} />
    </Dialog>
  );
}

function Fields({ site, choices, title, onClose }: { site: Site | null; choices: Choices; title: string; onClose: () => void }) {
  const { t } = useI18n();
  const names = useNames();
  const client = useQueryClient();
  const [name, setName] = useState(site?.name ?? "");
  const [called, setCalled] = useState(site?.title ?? "");
  const [country, setCountry] = useState(site?.country ?? "");
  const [language, setLanguage] = useState(site?.language ?? "");
  const [currency, setCurrency] = useState(site?.currency ?? "");
  const [zone, setZone] = useState(site?.time_zone ?? "");
  const [lines, setLines] = useState(site?.domains.join("\n") ?? "");
  const [legal, setLegal] = useState(site?.legal_name ?? "");
  const domains = lines.split(/\s*\n\s*|,\s*/).map((line) => line.trim()).filter(Boolean);
  const noHost = domains.find((domain) => MORE_THAN_A_HOST.test(domain));
  const wrongName = !site && name !== "" && !NAME.test(name);
  const save = useMutation({
    mutationFn: () => {
      const body = { title: called.trim(), country: country || null, language: language || null, currency: currency || null, time_zone: zone || null, domains, legal_name: legal.trim() || null };
      return site ? api.patch<Site>(`/api/sites/${encodeURIComponent(site.name)}`, body) : api.post<Site>("/api/sites", { name, ...body });
    },
    onSuccess: (saved) => {
      void client.invalidateQueries({ queryKey: ["sites"] });
      toast({ text: t("settings.sites.saved", { title: saved.title }) });
      onClose();
    },
  });
  const unknown = t("settings.sites.unknown");
  return (
    <Dialog
      title={title}
      onClose={onClose}
      width={560}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" type="submit" form="site-form" disabled={save.isPending || !called.trim() || !name || wrongName || noHost !== undefined}>
            {t("settings.sites.save")}
          </Button>
        </>
      }
    >
      <form
        id="site-form"
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        {save.error && <ProblemBox error={save.error} />}
        <TextField label={t("settings.sites.titleField")} hint={t("settings.sites.titleHint")} value={called} onChange={setCalled} maxLength={120} required data-autofocus />
        {!site && (
          <TextField
            label={t("settings.sites.name")}
            hint={t("settings.sites.nameHint")}
            value={name}
            onChange={setName}
            maxLength={64}
            autoCapitalize="none"
            spellCheck={false}
            required
            error={wrongName ? t("settings.sites.nameWrong") : undefined}
          />
        )}
        <ChoiceField label={t("settings.sites.country")} hint={t("settings.sites.countryHint")} value={country} choices={names.choices("region", choices.countries)} onChange={setCountry} wrong={unknown} />
        {site && site.sources > 0 && <OtherCountry site={site} country={country} known={country === "" || choices.countries.includes(country)} />}
        <div className="form-row">
          {/* Any tag will do, such as pt-BR: what is not in the list is judged by the server. */}
          <ChoiceField label={t("settings.sites.language")} value={language} choices={names.choices("language", choices.languages)} onChange={setLanguage} />
          <ChoiceField label={t("settings.sites.currency")} value={currency} choices={names.choices("currency", choices.currencies)} onChange={setCurrency} wrong={unknown} />
        </div>
        <ChoiceField label={t("settings.sites.zone")} value={zone} choices={choices.time_zones.map((value) => ({ value, label: value.replaceAll("_", " ") }))} onChange={setZone} wrong={unknown} />
        <TextArea
          label={t("settings.sites.domains")}
          hint={t("settings.sites.domainsHint")}
          value={lines}
          onChange={setLines}
          rows={3}
          spellCheck={false}
          autoCapitalize="none"
          error={noHost === undefined ? undefined : t("settings.sites.domainsWrong", { domain: noHost })}
        />
        <TextField label={t("settings.sites.legal")} hint={t("settings.sites.legalHint")} value={legal} onChange={setLegal} maxLength={120} />
      </form>
    </Dialog>
  );
}

/** What another country will mean, while there is still time. */
function OtherCountry({ site, country, known }: { site: Site; country: string; known: boolean }) {
  const { t } = useI18n();
  const { name } = useNames();
  const text = (code: string) => (code ? name("region", code) : t("settings.sites.noCountry"));
  const before = site.country ?? "";
  return (
    <div role="status">
      {known && country !== before && (
        <div className="sites-note">
          <p>{t("settings.sites.countryChanges", { n: site.sources, before: text(before), after: text(country) })}</p>
          <p>{t("settings.sites.countryStays")}</p>
        </div>
      )}
    </div>
  );
}
