/** The customer's page: one person, every door, at any moment. */

import { useParams } from "@tanstack/react-router";

import { Problem } from "~/api";
import { contactText } from "~/customers/words";
import { useI18n } from "~/i18n";
import { Empty, ProblemBox, Skeleton, TextLink } from "~/ui";

import { timesOf, useCustomerSearch } from "./model/url";
import { useCustomer } from "./model/useCustomer";
import { Page } from "./Page";
import "./customer.css";
import "./identity.css";
import "./windows.css";

export function CustomerPage() {
  const { ref } = useParams({ from: "/customers/$ref" });
  const [search, change] = useCustomerSearch();
  const { as_of, known_at } = timesOf(search);
  const customer = useCustomer(ref, { ...(as_of ? { as_of } : {}), ...(known_at ? { known_at } : {}) });
  const i18n = useI18n();
  const { t } = i18n;
  if (customer.missing) {
    return (
      <div className="cu-alone">
        <h1 className="seen-by-readers">{t("customer.title")}</h1>
        <Empty title={t("customer.states.notFound")} actions={<TextLink to="/customers">{t("customer.states.search")}</TextLink>}>
          <bdi>{t("customer.states.notFoundText", { ref })}</bdi>
        </Empty>
      </div>
    );
  }
  const choices = choicesOf(customer.faults.card);
  if (choices.length > 0) {
    const actions = choices.map((choice) => (
      <TextLink key={choice} to="/customers/$ref" params={{ ref: choice }} search>
        {contactText({ kind: "phone", value: choice.slice("phone:".length) }, i18n)}
      </TextLink>
    ));
    return (
      <div className="cu-alone">
        <h1 className="seen-by-readers">{t("customer.title")}</h1>
        <Empty title={t("customer.states.ambiguous")} actions={actions}>
          <bdi>{t("customer.states.ambiguousText", { ref: ref.slice("phone:".length) })}</bdi>
        </Empty>
      </div>
    );
  }
  if (customer.faults.card && !customer.present) {
    return (
      <div className="cu-alone">
        <h1 className="seen-by-readers">{t("customer.title")}</h1>
        <ProblemBox error={customer.faults.card} onRetry={customer.retry} />
      </div>
    );
  }
  if (customer.pending && !customer.present) return <Loading />;
  return <Page key={ref} profileRef={ref} customer={customer} search={search} change={change} />;
}

/** The references to choose from, where a phone number without its country code belongs to several people. */
function choicesOf(error: unknown): string[] {
  if (!(error instanceof Problem) || error.code !== "ambiguous_reference") return [];
  const choices = error.extra["choices"];
  return Array.isArray(choices) ? choices.filter((choice) => typeof choice === "string") : [];
}

/** The page in grey: the same measures, so that nothing jumps when it comes. */
function Loading() {
  const { t } = useI18n();
  return (
    <div className="cu-page" aria-busy="true">
      <h1 className="seen-by-readers">{t("customer.states.loading")}</h1>
      <div className="cu-header">
        <span className="cu-initials cu-initials-wait" />
        <Skeleton rows={2} height={22} label={t("customer.states.loading")} />
      </div>
      <div className="cu-ruler" />
      <div className="cu-body">
        <div className="cu-column">
          <Skeleton rows={16} height={28} />
        </div>
        <div className="cu-column cu-side">
          <Skeleton rows={12} height={28} />
        </div>
      </div>
    </div>
  );
}
