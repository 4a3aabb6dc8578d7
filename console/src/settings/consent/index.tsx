/** Consent: what people are asked to agree to, and the addresses that are not written to at all. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { actorText } from "~/actors";
import { api, useMay, usePages, type Page } from "~/api";
import type { Purpose, PurposeText, Suppression } from "~/consents/types";
import { languageNames, languages, useI18n, type Language } from "~/i18n";
import { PartHead } from "~/shell/Parts";
import { Button, CheckField, DataTable, Dialog, Empty, PagedList, problemText, ProblemBox, SearchField, Section, Skeleton, TextArea, TextField, toast, useDebounced, type Column } from "~/ui";
import "../settings.css";
import "./consent.css";

export function ConsentPart() {
  const { t } = useI18n();
  return (
    <div className="part">
      <PartHead title={t("consent.settings.title")} lead={t("consent.settings.lead")} />
      <Purposes />
      <Suppressions />
    </div>
  );
}

function Purposes() {
  const { t, language } = useI18n();
  const may = useMay("purposes.edit");
  const client = useQueryClient();
  const [open, setOpen] = useState<Purpose | null>(null);
  const { data, error, refetch } = useQuery({ queryKey: ["purposes"], queryFn: () => api.get<Page<Purpose>>("/api/purposes") });
  const change = useMutation({
    mutationFn: (one: Purpose) => api.put<Purpose>(`/api/purposes/${one.name}`, { double_opt_in: !one.double_opt_in }),
    onSuccess: () => toast({ text: t("consent.settings.saved") }),
    onError: (fault) => toast({ kind: "alarm", text: problemText(fault, t).title }),
    onSettled: () => client.invalidateQueries({ queryKey: ["purposes"] }),
  });
  return (
    <Section title={t("consent.settings.purposes")}>
      {error ? (
        <ProblemBox error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton rows={4} height={64} />
      ) : (
        <ul className="se-purposes">
          {data.data.map((one) => {
            const text = one.texts.find((each) => each.language === language);
            return (
              <li key={one.name}>
                <div>
                  <strong>{one.titles[language]}</strong> <span className="quiet">{one.retired_at ? t("consent.settings.retired") : one.name}</span>
                  {text ? (
                    <p>
                      {text.text} <span className="quiet">{t("consent.settings.version", { n: text.version })}</span>
                    </p>
                  ) : (
                    <p className="quiet">{t("consent.settings.always")}</p>
                  )}
                </div>
                {one.message_class === "marketing" && (
                  <div className="se-purpose-actions">
                    <CheckField role="switch" label={t("consent.settings.double")} checked={one.double_opt_in} disabled={!may || change.isPending} onChange={() => change.mutate(one)} />
                    <Button dense aria-label={t("consent.settings.changeOf", { name: one.titles[language] })} onClick={() => setOpen(one)}>
                      {t("consent.settings.change")}
                    </Button>
                  </div>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {open && <Texts purpose={open} may={may} onClose={() => setOpen(null)} />}
    </Section>
  );
}

function Texts({ purpose, may, onClose }: { purpose: Purpose; may: boolean; onClose: () => void }) {
  const { t, fmt, language } = useI18n();
  const client = useQueryClient();
  const [texts, setTexts] = useState(() => Object.fromEntries(languages.map((each) => [each, purpose.texts.find((text) => text.language === each)?.text ?? ""])) as Record<Language, string>);
  const versions = usePages<PurposeText>(["purposes", purpose.name, "texts"], `/api/purposes/${purpose.name}/texts`);
  const save = useMutation({
    mutationFn: () => api.put<Purpose>(`/api/purposes/${purpose.name}`, { texts: Object.fromEntries(Object.entries(texts).filter(([, text]) => text.trim())) }),
    onSuccess: () => {
      toast({ text: t("consent.settings.saved") });
      void client.invalidateQueries({ queryKey: ["purposes"] });
      onClose();
    },
  });
  const columns: Column<PurposeText>[] = [
    { key: "text", head: t("consent.settings.versions"), phone: "title", cell: (one) => <span lang={one.language}>{one.text}</span> },
    { key: "version", head: t("consent.settings.since"), width: "200px", cell: (one) => (
      <span>
        {languageNames[one.language]}, {t("consent.settings.version", { n: one.version })}
        <span className="table-second">{one.made_at ? t("consent.settings.was", { date: fmt.shortDay(one.made_at), who: actorText(one.made_by ?? "", t) }) : t("consent.settings.built")}</span>
      </span>
    ) },
  ];
  return (
    <Dialog title={t("consent.settings.changeOf", { name: purpose.titles[language] })} onClose={onClose} width={720}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        {languages.map((each) => (
          <TextArea key={each} lang={each} rows={2} maxLength={4000} readOnly={!may} label={t("consent.settings.textIn", { language: languageNames[each] })} value={texts[each]} onChange={(text) => setTexts({ ...texts, [each]: text })} />
        ))}
        <p className="quiet">{t("consent.settings.textsHint")}</p>
        {save.error && <ProblemBox error={save.error} />}
        {may && (
          <div className="form-actions">
            <Button type="submit" kind="primary" disabled={save.isPending}>
              {t("consent.settings.save")}
            </Button>
          </div>
        )}
      </form>
      <PagedList list={versions} empty={null}>
        {(rows) => <DataTable label={t("consent.settings.versions")} columns={columns} rows={rows} keyOf={(one) => one.id} />}
      </PagedList>
    </Dialog>
  );
}

/** An address as people write it, as the API names it; undefined for what is no address yet. */
function referenceOf(text: string): string | undefined {
  if (/^[\w:]+:.+/.test(text)) return text;
  if (/^\S+@\S+$/.test(text)) return `email:${text}`;
  return /^\+[\d\s()-]{6,}$/.test(text) ? `phone:${text.replace(/[^+\d]/g, "")}` : undefined;
}

/** What is plain by itself stands without its kind. */
const shown = (address: string): string => address.replace(/^(email|phone):/, "");

function Suppressions() {
  const { t, fmt } = useI18n();
  const may = useMay("suppressions.edit");
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [address, setAddress] = useState("");
  const [lifting, setLifting] = useState<Suppression | null>(null);
  const wanted = useDebounced(text.trim(), 300);
  const reference = referenceOf(wanted) ?? "";
  const list = usePages<Suppression>(["suppressions"], "/api/suppressions", reference ? { reference } : {});
  const add = useMutation({
    mutationFn: () => api.post<Suppression>("/api/suppressions", { address: referenceOf(address.trim()) ?? address.trim() }),
    onSuccess: (made) => {
      toast({ text: t("consent.settings.added", { address: shown(made.address) }) });
      setAddress("");
      void client.invalidateQueries({ queryKey: ["suppressions"] });
    },
  });
  const columns: Column<Suppression>[] = [
    { key: "address", head: t("consent.settings.address"), phone: "title", cell: (one) => <Link to="/customers/$ref" params={{ ref: `profile:${one.profile_id}` }}><bdi>{shown(one.address)}</bdi></Link> },
    { key: "reason", head: t("consent.settings.reason"), width: "30%", cell: (one) => (
      <span>
        {t(`consent.reasons.${one.reason}`)}
        <span className="table-second">{one.source}</span>
      </span>
    ) },
    { key: "since", head: t("consent.settings.since"), width: "160px", cell: (one) => fmt.shortDay(one.since) },
    ...(may
      ? [
          {
            key: "lift",
            head: t("consent.settings.action"),
            width: "140px",
            phone: "bare" as const,
            cell: (one: Suppression) => (
              <Button dense aria-label={t("consent.settings.liftOf", { address: shown(one.address) })} onClick={() => setLifting(one)}>
                {t("consent.settings.lift")}
              </Button>
            ),
          },
        ]
      : []),
  ];
  return (
    <Section title={t("consent.settings.suppressions")}>
      <p className="settings-lead">{t("consent.settings.suppressionsLead")}</p>
      {may && (
        <form
          className="form se-suppress"
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate();
          }}
        >
          <TextField label={t("consent.settings.address")} hint={t("consent.settings.addressHint")} value={address} onChange={setAddress} maxLength={1200} autoComplete="off" spellCheck={false} error={add.error ? problemText(add.error, t).title : undefined} />
          <div className="form-actions">
            <Button type="submit" disabled={add.isPending || !address.trim()}>
              {t("consent.settings.add")}
            </Button>
          </div>
        </form>
      )}
      <div className="settings-find">
        <SearchField label={t("consent.settings.find")} placeholder={t("consent.settings.find")} value={text} onChange={setText} />
      </div>
      <PagedList list={list} empty={<Empty title={t(reference ? "consent.settings.noneFound" : "consent.settings.none")} />}>
        {(rows) => <DataTable label={t("consent.settings.suppressions")} columns={columns} rows={rows} keyOf={(one) => one.id} />}
      </PagedList>
      {lifting && <Lift one={lifting} onClose={() => setLifting(null)} />}
    </Section>
  );
}

function Lift({ one, onClose }: { one: Suppression; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const [reason, setReason] = useState("");
  const lift = useMutation({
    mutationFn: () => api.post(`/api/suppressions/${one.id}/lift`, { reason }),
    onSuccess: () => {
      toast({ text: t("consent.settings.lifted", { address: shown(one.address) }) });
      onClose();
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["suppressions"] }),
  });
  return (
    <Dialog title={t("consent.settings.liftOf", { address: shown(one.address) })} onClose={onClose} width={520}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          lift.mutate();
        }}
      >
        <TextField label={t("consent.settings.why")} hint={t("consent.settings.whyHint")} value={reason} onChange={setReason} maxLength={500} required data-autofocus error={lift.error ? problemText(lift.error, t).title : undefined} />
        <div className="form-actions">
          <Button type="submit" kind="primary" disabled={lift.isPending || !reason.trim()}>
            {t("consent.settings.lift")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
