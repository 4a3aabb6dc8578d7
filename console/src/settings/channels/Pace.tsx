/** What a message costs, and how fast the account may go. */
import type { Account, Limits, ChannelKind } from "~/api";
import { minorDigits } from "~/i18n/format";
import { useI18n } from "~/i18n";
import { TextField } from "~/ui";


/** As typed: numbers in the reader's way, the cost in whole units of the currency or null while it is as it was. */
export interface PaceDraft {
  cost: string | null;
  minor: number;
  per_second: string;
  burst: string;
  concurrency: string;
  per_address_seconds: string;
}

export function blankPace(manifest: ChannelKind, account: Account | null): PaceDraft {
  const { per_second, burst, concurrency, per_address_seconds } = account?.limits ?? manifest.limits;
  return { cost: null, minor: account?.cost_minor ?? 0, per_second: String(per_second), burst: String(burst), concurrency: String(concurrency), per_address_seconds: String(per_address_seconds) };
}

const number = (text: string) => (text.trim() === "" ? Number.NaN : Number(text.trim().replace(",", ".")));

/** Bounds as the API has them. */
const BOUNDS = {
  per_second: { least: 0.001, most: 1_000_000, whole: false },
  burst: { least: 1, most: 1_000_000, whole: true },
  concurrency: { least: 1, most: 1_000, whole: true },
  per_address_seconds: { least: 0, most: 86_400, whole: false },
} as const;

type Bounded = keyof typeof BOUNDS;

function wrong(name: Bounded, text: string): boolean {
  const { least, most, whole } = BOUNDS[name];
  const value = number(text);
  return !(value >= least && value <= most) || (whole && !Number.isInteger(value));
}

const wrongCost = (cost: string | null) => cost !== null && !(number(cost) >= 0 && number(cost) <= 10_000);

export function paceWrong(draft: PaceDraft): boolean {
  return wrongCost(draft.cost) || (Object.keys(BOUNDS) as Bounded[]).some((name) => wrong(name, draft[name]));
}

export function paceOf(draft: PaceDraft, currency: string): { limits: Limits; cost_minor: number } {
  return {
    limits: { per_second: number(draft.per_second), burst: number(draft.burst), concurrency: number(draft.concurrency), per_address_seconds: number(draft.per_address_seconds) },
    cost_minor: draft.cost === null ? draft.minor : Math.round(number(draft.cost) * 10 ** minorDigits(currency)),
  };
}

export function PaceFields({ draft, currency, onChange }: { draft: PaceDraft; currency: string; onChange: (draft: PaceDraft) => void }) {
  const { t, fmt } = useI18n();
  const digits = minorDigits(currency);
  const bounded = (name: Bounded, label: string) => {
    const { least, most } = BOUNDS[name];
    return (
      <TextField
        label={label}
        value={draft[name]}
        inputMode="decimal"
        error={wrong(name, draft[name]) ? t("accounts.form.between", { least: fmt.number(least), most: fmt.number(most) }) : undefined}
        onChange={(value) => onChange({ ...draft, [name]: value })}
      />
    );
  };
  return (
    <details className="acc-pace" open={paceWrong(draft) || undefined}>
      <summary>{t("accounts.form.limits")}</summary>
      <div className="form">
        <TextField
          label={t("accounts.form.cost")}
          hint={t("accounts.form.costHint", { currency })}
          error={wrongCost(draft.cost) ? t("accounts.form.number") : undefined}
          value={draft.cost ?? (draft.minor / 10 ** digits).toLocaleString(fmt.locale, { minimumFractionDigits: digits, useGrouping: false })}
          inputMode="decimal"
          onChange={(cost) => onChange({ ...draft, cost })}
        />
        <div className="form-row acc-numbers">
          {bounded("per_second", t("accounts.form.perSecond"))}
          {bounded("burst", t("accounts.form.burst"))}
          {bounded("concurrency", t("accounts.form.concurrency"))}
          {bounded("per_address_seconds", t("accounts.form.perAddress"))}
        </div>
        <p className="field-hint">{t("accounts.form.limitsHint")}</p>
      </div>
    </details>
  );
}
