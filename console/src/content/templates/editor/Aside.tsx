/** Beside the text: what is wrong in the whole template, and what it may speak of. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "~/api";
import { useI18n } from "~/i18n";
import { SearchField } from "~/ui";

import type { Template, Trouble, Variable } from "../model";
import { partName, troubleText, useNames, whereText } from "../words";

export function useVariables(template: Template, customer: string | undefined) {
  return useQuery({
    queryKey: ["variables", template.id, customer ?? null],
    queryFn: () => api.get<{ variables: Variable[] }>(`/api/templates/${template.id}/variables`, { params: { customer } }),
    placeholderData: (was) => was,
    staleTime: 60_000,
  }).data?.variables;
}

export function Problems({ troubles, checked, onGo }: { troubles: Trouble[]; checked: boolean; onGo: (trouble: Trouble) => void }) {
  const i18n = useI18n();
  const { t } = i18n;
  const names = useNames();
  const errors = troubles.filter((each) => each.severity === "error").length;
  const ordered = troubles.toSorted((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"));
  return (
    <section className="tpl-problems" aria-label={t("content.problems.title")}>
      <h2 role="status">
        {!checked ? t("content.problems.checking") : errors > 0 ? <span className="alarm">{t("content.problems.errors", { n: errors })}</span> : t(troubles.length > 0 ? "content.problems.hints" : "content.problems.none", { n: troubles.length })}
      </h2>
      <ul>
        {ordered.map((each, index) => (
          <li key={index}>
            {each.channel ? (
              <button type="button" className="button-text" onClick={() => onGo(each)}>
                {[each.language ? names.variant(each.channel, each.language) : names.channel(each.channel), partName(each.part, i18n), whereText(each, i18n)].filter(Boolean).join(", ")}
              </button>
            ) : null}
            <p className={each.severity === "error" ? undefined : "quiet"}>{troubleText(each, i18n)}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function Variables({ variables, mayEdit, onPick }: { variables: Variable[]; mayEdit: boolean; onPick: (path: string) => void }) {
  const { t } = useI18n();
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const shown = variables.filter(({ path, example }) => path.toLowerCase().includes(wanted) || example?.toLowerCase().includes(wanted));
  return (
    <section className="tpl-variables" aria-label={t("content.variables.title")}>
      <h2>{t("content.variables.title")}</h2>
      <p className="field-hint">{t(mayEdit ? "content.variables.hint" : "content.variables.hintRead")}</p>
      <SearchField label={t("content.variables.search")} placeholder={t("content.variables.search")} value={text} onChange={setText} />
      <ul tabIndex={-1}>
        {shown.map(({ path, example }) => (
          <li key={path}>
            <button type="button" disabled={!mayEdit} title={t("content.variables.put", { path })} onPointerDown={(event) => event.preventDefault()} onClick={() => onPick(path)}>
              <span>{path}</span>
              <span className="quiet">{example ?? t("content.variables.nothing")}</span>
            </button>
          </li>
        ))}
        {shown.length === 0 && <li className="quiet">{t("content.variables.none")}</li>}
      </ul>
    </section>
  );
}
