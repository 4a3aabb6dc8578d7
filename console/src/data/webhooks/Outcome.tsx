/** What the mapping makes of the payload at hand, and of the last deliveries. */
import { useI18n } from "~/i18n";

import type { Delivery, Trial } from "./model";
import { useTroubleText } from "./troubles";

export function Outcome({ trial, trials, latest, chosen, onChoose }: { trial: Trial | undefined; trials: Trial[]; latest: Delivery[]; chosen: string | null; onChoose: (delivery: string) => void }) {
  const { t, fmt } = useI18n();
  const text = useTroubleText();
  const bad = trials.filter((each) => each.problem_count > 0);
  return (
    <div aria-live="polite">
      {trial === undefined ? (
        <p className="quiet">{t("webhooks.outcome.nothing")}</p>
      ) : (
        trial.records.map((record) => (
          <div key={record.record} className="hook-outcome">
            {trial.record_count > 1 && <h4>{t("webhooks.outcome.record", { n: record.record + 1 })}</h4>}
            {record.verdict === "ignored" && <p>{t("webhooks.outcome.ignored")}</p>}
            {record.problems.map((each, n) => (
              <p key={n} className="alarm">
                {text(each)}
              </p>
            ))}
            {record.events.map((event, n) => (
              <pre key={n} tabIndex={0} role="region" aria-label={t("webhooks.outcome.event", { n: `${record.record + 1}.${n + 1}` })}>
                {JSON.stringify(event, null, 2)}
              </pre>
            ))}
          </div>
        ))
      )}
      {trials.length > 1 && (
        <div className="hook-tried">
          <h4>{t("webhooks.outcome.tried", { n: trials.length })}</h4>
          <p>{bad.length === 0 ? t("webhooks.outcome.allGood") : t("webhooks.outcome.someBad", { n: bad.length })}</p>
          <ul>
            {bad.map((each) => {
              const known = latest.find(({ id }) => id === each.delivery);
              const first = each.records.flatMap(({ problems }) => problems)[0];
              return (
                <li key={each.delivery}>
                  <button type="button" className="button-text" aria-current={each.delivery === chosen} onClick={() => each.delivery && onChoose(each.delivery)}>
                    {known ? fmt.ago(known.received_at) : each.delivery}
                  </button>{" "}
                  {first && text(first)}
                </li>
              );
            })}
          </ul>
        </div>
      )}
    </div>
  );
}
