/** Changing the policy: each rule with its fields, and beside them what it will do. What changes is told before it is saved. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState, type ReactNode } from "react";

import { api, Problem } from "~/api";
import { useI18n } from "~/i18n";
import { Button, ProblemBox, toast } from "~/ui";

import { Amounts, Budget, Caps, Hours, Order, Span } from "./fields";
import { effectOf, rules, type Policy, type Rule, type Tells, type Version } from "./model";
import { blank, read, type Draft } from "./draft";
import { Diff } from "./Diff";

interface Props {
  inForce: Version;
  start: Policy;
  taken: number | null;
  kinds: string[];
  tells: Tells;
  onClose: () => void;
  onTheirs: () => void;
}

/** Paths of the API's validation, as rules: `body.policy.caps.0.count`. */
function ruleOf(fault: unknown): Map<Rule, string> {
  const found = new Map<Rule, string>();
  if (!(fault instanceof Problem)) return found;
  const errors = Array.isArray(fault.extra["errors"]) ? (fault.extra["errors"] as { where: (string | number)[]; detail: string }[]) : [];
  for (const { where, detail } of errors) {
    const rule = rules.find((each) => where.includes(each));
    if (rule) found.set(rule, detail);
  }
  const field = rules.find((each) => each === fault.extra["field"]);
  if (field) found.set(field, fault.detail);
  return found;
}

export function PolicyForm({ inForce, start, taken, kinds, tells, onClose, onTheirs }: Props) {
  const { t } = useI18n();
  const client = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  /** The one that this was made from; another may be in force by now. */
  const [base] = useState(inForce);
  const [draft, setDraft] = useState<Draft>(() => blank(start, tells.currency));
  const [looked, setLooked] = useState(false);
  const { policy, wrong } = read(draft, tells.currency);
  const save = useMutation({
    mutationFn: (wanted: Policy) => api.put<Version>("/api/policy", { policy: wanted, based_on: base.version }),
    onSuccess: (made) => {
      client.setQueryData(["policy"], made);
      void client.invalidateQueries({ queryKey: ["policy"] });
      toast({ text: `${t("sending.policy.saved", { n: made.version })} ${t("sending.policy.later")}` });
      onClose();
    },
  });
  const conflict = save.error instanceof Problem && save.error.code === "policy_changed";
  const refused = ruleOf(save.error);
  const set = (by: Partial<Draft>) => {
    save.reset();
    setDraft((was) => ({ ...was, ...by }));
  };
  const told = (rule: Rule) => refused.get(rule);
  const fields = { draft, set, wrong: looked ? wrong : new Set<string>(), tells, kinds };
  const parts: Record<Rule, ReactNode> = {
    answer_hours: <Span {...fields} name="answer_hours" />,
    hours: <Hours {...fields} />,
    caps: <Caps {...fields} />,
    budget: <Budget {...fields} />,
    duplicate_hours: <Span {...fields} name="duplicate_hours" />,
    most_minor: <Amounts {...fields} which="most_minor" />,
    month_minor: <Amounts {...fields} which="month_minor" />,
    order: <Order {...fields} />,
  };
  return (
    <form
      ref={form}
      className="po-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setLooked(true);
        if (policy) save.mutate(policy);
        else requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus());
      }}
    >
      {taken !== null && <p className="sites-note">{t("sending.versions.taken")}</p>}
      {rules.map((rule) => (
        <fieldset key={rule} className="po-rule">
          <legend>{t(`sending.rules.${rule}`)}</legend>
          <div className="po-fields">
            {parts[rule]}
            {told(rule) && <p className="field-error">{told(rule)}</p>}
          </div>
          <p className="po-effect quiet">{policy ? effectOf(rule, policy, tells).join(" ") : ""}</p>
        </fieldset>
      ))}
      <div className="po-foot">
        <h3>{t("sending.policy.diff")}</h3>
        {policy ? <Diff was={base.policy} now={policy} tells={tells} none={t("sending.policy.nothing")} /> : <p className="field-error">{t("sending.policy.mend")}</p>}
        {conflict ? (
          <div className="problem" role="alert">
            <p>{t("sending.policy.conflict")}</p>
            <Button
              onClick={() => {
                void client.invalidateQueries({ queryKey: ["policy"] });
                onTheirs();
              }}
            >
              {t("sending.policy.takeTheirs")}
            </Button>
          </div>
        ) : (
          save.error && refused.size === 0 && <ProblemBox error={save.error} />
        )}
        <div className="form-actions">
          <Button type="submit" kind="primary" disabled={save.isPending || conflict || (policy !== null && same(policy, base.policy))}>
            {t("sending.policy.save", { n: base.version + 1 })}
          </Button>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
        </div>
      </div>
    </form>
  );
}

/** The order in which parts of a rule were typed says nothing. */
function same(one: Policy, other: Policy): boolean {
  const sorted = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(sorted)
      : typeof value === "object" && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .toSorted(([a], [b]) => a.localeCompare(b))
              .map(([key, each]) => [key, sorted(each)]),
          )
        : value;
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}
