/** The mapping: the payload at the left, the rules, and at the right what they make of it. Tried as it is typed. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, useMay, type Json } from "~/api";
import { useI18n } from "~/i18n";
import { Button, Empty, Icon, IconButton, ProblemBox, Section, SelectField, Skeleton, TextArea, toast } from "~/ui";

import { emptyMapping, pathText, ruleText, setAt, startsWith, type Delivery, type DeliveryDetail, type Mapping, type Step, type Version, type Webhook } from "./model";
import { Outcome } from "./Outcome";
import { PathInput, RuleForm, type Desk } from "./RuleForm";
import { Tree } from "./Tree";
import { useTroubleText } from "./troubles";
import { useRehearsal } from "./useRehearsal";

const TRIED = 10;

interface Props {
  hook: Webhook;
  /** The version in force; null where there is none. */
  version: Version | null;
  /** What to begin with instead of it. */
  start: Mapping | null;
  latest: Delivery[];
  chosen: string | null;
  onChoose: (delivery: string) => void;
}

export function Editor({ hook, version, start, latest, chosen, onChoose }: Props) {
  const { t } = useI18n();
  const client = useQueryClient();
  const may = useMay("webhooks.edit");
  const text = useTroubleText();
  const [draft, setDraft] = useState<Mapping | null>(start ?? version?.mapping ?? null);
  const [open, setOpen] = useState(0);
  const [aimed, setAimed] = useState<Step[] | null>(null);
  const [sample, setSample] = useState("");

  const delivery = chosen ?? latest[0]?.id ?? null;
  const detail = useQuery({
    queryKey: ["webhook", hook.id, "delivery", delivery],
    queryFn: () => api.get<DeliveryDetail>(`/api/webhooks/${hook.id}/deliveries/${delivery}`),
    enabled: delivery !== null,
  });
  const pasted = delivery === null ? parsed(sample) : null;
  const payload = delivery === null ? pasted : (detail.data?.payload ?? null);
  const ids = [...new Set([...(delivery === null ? [] : [delivery]), ...latest.map((each) => each.id)])].slice(0, TRIED);
  const { mapping, mistakes, trials, troubles, error } = useRehearsal(hook.id, draft, ids, delivery === null && pasted !== null ? sample : null);
  const trial = trials.find((each) => each.delivery === delivery);
  const wrong = [...mistakes, ...troubles(trial)];

  const suggest = useMutation({
    mutationFn: () => api.post<Mapping>(`/api/webhooks/${hook.id}/suggestions`, delivery === null ? { payload: sample } : { delivery }),
    onSuccess: setDraft,
  });
  const save = useMutation({
    mutationFn: () => api.put<Version>(`/api/webhooks/${hook.id}/mapping`, { mapping, based_on: version?.version ?? 0 }),
    onSuccess: (made) => {
      toast({ text: t("webhooks.mapping.saved", { n: made.version }) });
      setDraft(made.mapping);
      void client.invalidateQueries({ queryKey: ["webhook", hook.id] });
    },
  });
  const desk: Desk = {
    set: (where, value) => setDraft((now) => (now ? setAt(now, where, value) : now)),
    aim: setAimed,
    aimed,
    trouble: (where, exact = false) => {
      const found = wrong.find((each) => startsWith(each.where, where) && (!exact || each.where.length === where.length));
      return found && text(found);
    },
  };
  /** Into the field last in use; where none was, as a property of its own. */
  const pick = (steps: Step[]) => {
    if (!draft) return;
    if (aimed) return desk.set(aimed, aimed[0] === "records" ? pathText(steps) : ruleText(steps, draft));
    const fields = draft.rules[open]?.properties?.fields ?? [];
    const last = steps.findLast((step) => typeof step === "string") ?? "value";
    desk.set(["rules", open, "properties", "fields", fields.length], { name: last, path: ruleText(steps, draft) });
  };
  const rules = draft?.rules ?? [];
  const changed = draft !== null && JSON.stringify(draft) !== JSON.stringify(version?.mapping ?? null);
  return (
    <Section
      title={t("webhooks.mapping.title")}
      aside={version ? t("webhooks.mapping.version", { n: version.version }) : t("webhooks.mapping.none")}
      className="hook-editor"
      actions={
        may &&
        draft && (
          <>
            {version && changed && <Button onClick={() => setDraft(version.mapping)}>{t("webhooks.mapping.revert")}</Button>}
            <Button kind="primary" disabled={save.isPending || !changed} onClick={() => save.mutate()}>
              {t("webhooks.mapping.save")}
            </Button>
          </>
        )
      }
    >
      {save.error && <ProblemBox error={save.error} />}
      {Boolean(error) && <ProblemBox error={error} />}
      <div className="hook-columns">
        <div className="hook-column">
          <h3>{t("webhooks.mapping.payload")}</h3>
          {delivery === null ? (
            <TextArea
              label={t("webhooks.mapping.sample")}
              hint={t("webhooks.mapping.sampleHint")}
              error={sample.trim() && pasted === null ? t("webhooks.mapping.sampleBad") : undefined}
              value={sample}
              onChange={setSample}
              rows={6}
              spellCheck={false}
            />
          ) : (
            <DeliveryChoice latest={latest} chosen={delivery} onChoose={onChoose} />
          )}
          {detail.error && <ProblemBox error={detail.error} onRetry={() => void detail.refetch()} />}
          {delivery !== null && detail.isPending && <Skeleton rows={6} height={24} />}
          {payload !== null && <p className="field-hint">{t(draft === null ? "webhooks.tree.look" : aimed ? "webhooks.tree.aimed" : "webhooks.tree.free")}</p>}
          {payload !== null && <Tree key={delivery} value={payload} onPick={pick} />}
        </div>
        {draft === null ? (
          <div className="hook-column hook-wide">
            <Empty
              title={t("webhooks.mapping.start")}
              actions={
                <>
                  {payload !== null && (
                    <Button kind="primary" disabled={suggest.isPending} onClick={() => suggest.mutate()}>
                      {t("webhooks.mapping.suggest")}
                    </Button>
                  )}
                  <Button onClick={() => setDraft(emptyMapping)}>{t("webhooks.mapping.byHand")}</Button>
                </>
              }
            >
              {t(payload === null ? "webhooks.mapping.waitText" : "webhooks.mapping.startText")}
            </Empty>
            {suggest.error && <ProblemBox error={suggest.error} />}
          </div>
        ) : (
          <>
            <div className="hook-column">
              <h3>{t("webhooks.mapping.rules")}</h3>
              <div className="hook-records">
                <span>{t("webhooks.mapping.records")}</span>
                <PathInput desk={desk} where={["records"]} value={draft.records ?? ""} label={t("webhooks.mapping.records")} placeholder={t("webhooks.mapping.whole")} />
                {desk.trouble(["records"]) && <p className="field-error">{desk.trouble(["records"])}</p>}
              </div>
              <ol className="hook-rules">
                {rules.map((rule, n) => (
                  <li key={n}>
                    <div className="hook-rule-head">
                      <button type="button" className="hook-fold" aria-expanded={open === n} onClick={() => setOpen(open === n ? -1 : n)}>
                        <span aria-hidden="true">{open === n ? "▾" : "▸"}</span> {t("webhooks.rule.title", { n: n + 1 })} · {t(`webhooks.makes.${rule.make}`)}
                        {(rule.event?.text || rule.event?.path) && rule.make !== "ignore" && <span className="quiet"> {rule.event.text || rule.event.path}</span>}
                      </button>
                      <IconButton label={t("webhooks.rule.up")} disabled={n === 0} onClick={() => desk.set(["rules"], moved(rules, n, n - 1))}>
                        <Icon name="up" size={14} />
                      </IconButton>
                      <IconButton label={t("webhooks.rule.down")} disabled={n === rules.length - 1} onClick={() => desk.set(["rules"], moved(rules, n, n + 1))}>
                        <Icon name="down" size={14} />
                      </IconButton>
                      <IconButton label={t("webhooks.rule.dropRule")} disabled={rules.length === 1} onClick={() => desk.set(["rules"], rules.filter((_, m) => m !== n))}>
                        <Icon name="close" size={14} />
                      </IconButton>
                    </div>
                    {open === n && <RuleForm desk={desk} rule={rule} at={["rules", n]} />}
                  </li>
                ))}
              </ol>
              {desk.trouble(["rules"], true) && <p className="field-error">{desk.trouble(["rules"], true)}</p>}
              <Button
                onClick={() => {
                  desk.set(["rules"], [...rules, { make: "ignore" }]);
                  setOpen(rules.length);
                }}
              >
                {t("webhooks.rule.add")}
              </Button>
            </div>
            <div className="hook-column">
              <h3>{t("webhooks.outcome.title")}</h3>
              {mistakes.length > 0 ? (
                <p className="alarm">{t("webhooks.outcome.mistakes", { n: mistakes.length })}</p>
              ) : (
                <Outcome trial={trial} trials={trials} latest={latest} chosen={delivery} onChoose={onChoose} />
              )}
            </div>
          </>
        )}
      </div>
    </Section>
  );
}

function DeliveryChoice({ latest, chosen, onChoose }: { latest: Delivery[]; chosen: string; onChoose: (delivery: string) => void }) {
  const { t, fmt } = useI18n();
  const choices = latest.map((each) => ({ value: each.id, label: `${fmt.dateTime(each.received_at)} · ${t(`webhooks.verdicts.${each.verdict}`)}` }));
  if (!latest.some((each) => each.id === chosen)) choices.unshift({ value: chosen, label: t("webhooks.mapping.older") });
  return <SelectField label={t("webhooks.mapping.delivery")} value={chosen} choices={choices} onChange={onChoose} />;
}

function moved<T>(list: T[], from: number, to: number): T[] {
  const copy = [...list];
  copy.splice(to, 0, ...copy.splice(from, 1));
  return copy;
}

/** Null for what is no JSON object and no list. */
function parsed(text: string): Json | null {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
