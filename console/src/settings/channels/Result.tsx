/** What came of trying: it works and who the provider says we are, or what is wrong and what to do. */
import { useI18n } from "~/i18n";
import { CodeBlock, ProblemBox } from "~/ui";

import type { Trouble } from "./troubles";

interface Props {
  probe: { name: string; detail: Record<string, string> } | null;
  trouble: Trouble | null;
  fault: unknown;
  stale: boolean;
  busy: boolean;
}

export function Result({ probe, trouble, fault, stale, busy }: Props) {
  const { t } = useI18n();
  if (busy) return <p className="quiet">{t("accounts.form.trying")}</p>;
  if (fault) return <ProblemBox error={fault} />;
  if (trouble && !stale) {
    return (
      <div className="problem">
        <h2>{t("accounts.form.failed")}</h2>
        <p>{trouble.text}</p>
        {trouble.said && (
          <p className="quiet acc-said">
            {t("accounts.form.said")}: “{trouble.said}”
          </p>
        )}
      </div>
    );
  }
  if (!probe) return null;
  const told = Object.entries(probe.detail).filter(([, value]) => value !== "");
  return (
    <div className="acc-works">
      <h2>{t("accounts.form.works", { name: probe.name })}</h2>
      <p className="quiet">{t("accounts.form.nothingSent")}</p>
      {told.length > 0 && (
        <dl className="acc-detail">
          {told.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value.length > 60 ? <CodeBlock text={value} label={name} /> : value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
