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
  const { t } = useI18n();
  const errors = troubles.filter((each) => each.severity === "error").length;
  const hints = troubles.length - errors;
  return (
    <section className="tpl-problems" aria-label={t("content.problems.title")}>
      <div role="status">
        <h2 className={errors > 0 ? "alarm" : undefined}>{!checked ? t("content.problems.checking") : errors > 0 ? t("content.problems.errors", { n: errors }) : t("content.problems.none")}</h2>
      </div>
      <Places troubles={troubles.filter((each) => each.severity === "error")} onGo={onGo} />
      {hints > 0 && (
        <details>
          <summary>{t("content.problems.hints", { n: hints })}</summary>
          <Places troubles={troubles.filter((each) => each.severity === "warning")} onGo={onGo} />
        </details>
      )}
    </section>
  );
}

function Places({ troubles, onGo }: { troubles: Trouble[]; onGo: (trouble: Trouble) => void }) {
  const i18n = useI18n();
  const { t } = i18n;
  const names = useNames();
  if (troubles.length === 0) return null;
  return (
    <ul>
      {troubles.map((each, index) => {
        const place = [each.channel && (each.language ? names.variant(each.channel, each.language) : names.channel(each.channel)), partName(each.part, i18n), whereText(each, i18n)];
        return (
          <li key={index}>
            {each.channel && (
              <button type="button" className="button-text" onClick={() => onGo(each)}>
                {place.filter(Boolean).join(", ")}
                {each.more > 0 && ` ${t("content.problems.andMore", { n: each.more })}`}
              </button>
            )}
            <p className={each.severity === "error" ? undefined : "quiet"}>{troubleText(each, i18n)}</p>
          </li>
        );
      })}
    </ul>
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
