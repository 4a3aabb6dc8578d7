/** What stands in the place of the list when nobody matches. */
import { useI18n } from "~/i18n";
import { Button, Empty } from "~/ui";

import type { Customers } from "./useCustomers";

export function NoMatch({ list }: { list: Customers }) {
  const { t } = useI18n();
  const suggestions = list.head?.suggestions ?? [];
  const parts = suggestions.filter((one) => one.kind === "only");
  return (
    <div className="customers-nothing">
      <Empty title={t("customers.none.title")} actions={<Button onClick={() => list.setText("")}>{t("customers.none.clear")}</Button>}>
        <p>{parts.length > 1 && parts.some((one) => one.count > 0) ? t("customers.none.several") : t("customers.none.one", { query: list.query })}</p>
        {suggestions.length > 0 && (
          <ul className="customers-suggestions">
            {suggestions.map((one) => (
              <li key={one.kind + one.query}>
                <Suggestion suggestion={one} onPick={list.setText} />{" "}
                <span className="quiet">{one.count > 0 ? t("customers.none.count", { n: one.count }) : t("customers.none.countNone")}</span>
              </li>
            ))}
          </ul>
        )}
      </Empty>
      <Help />
    </div>
  );
}

type Suggested = NonNullable<Customers["head"]>["suggestions"][number];

/** Only what finds somebody leads on. */
function Suggestion({ suggestion: { kind, query, count }, onPick }: { suggestion: Suggested; onPick: (query: string) => void }) {
  const { t } = useI18n();
  const text = t(kind === "only" ? "customers.none.only" : "customers.none.close", { query });
  if (count === 0) return <span>{text}</span>;
  return (
    <button type="button" className="button-text" onClick={() => onPick(query)}>
      {text}
    </button>
  );
}

function Help() {
  const { t } = useI18n();
  const rows = [
    ["name", t("customers.help.name"), "Kowalska, Ковальская, kovalskaya"],
    ["phone", t("customers.help.phone"), "601 233"],
    ["card", t("customers.help.card"), "0938"],
    ["email", t("customers.help.email"), "anna.k"],
    ["account", t("customers.help.account"), "20817, a_7f3c"],
  ] as const;
  return (
    <section className="customers-help">
      <h2>{t("customers.help.title")}</h2>
      <dl>
        {rows.map(([key, what, example]) => (
          <div key={key}>
            <dt>{what}</dt>
            <dd>{example}</dd>
          </div>
        ))}
      </dl>
      <p className="quiet">{t("customers.help.erased")}</p>
    </section>
  );
}
