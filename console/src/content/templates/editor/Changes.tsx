/** What differs between two versions, text by text: lines that went, lines that came, and a few around them. */
import { useQuery } from "@tanstack/react-query";

import { api } from "~/api";
import { useI18n } from "~/i18n";
import { ProblemBox, Skeleton } from "~/ui";

import type { Changed } from "../model";
import { languageName, partName, useNames } from "../words";

const AROUND = 1;

/** Null: the draft. `kept` counts how often that was kept, so that it is asked for anew. */
export function Changes({ template, older, newer, kept }: { template: string; older: number | null; newer: number | null; kept: number }) {
  const i18n = useI18n();
  const { t } = i18n;
  const names = useNames();
  const found = useQuery({
    queryKey: ["template-changes", template, older, newer, kept],
    queryFn: () => api.get<{ parts: Changed[] }>(`/api/templates/${template}/changes`, { params: { old: older, new: newer } }),
  });
  if (found.error) return <ProblemBox error={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <Skeleton rows={4} height={24} />;
  if (found.data.parts.length === 0) return <p className="quiet">{t("content.changes.none")}</p>;
  const groups = Map.groupBy(found.data.parts, (each) => (each.channel ? names.variant(each.channel, each.language) : ""));
  return (
    <div className="tpl-changes">
      {[...groups].map(([group, parts]) => (
        <section key={group}>
          {group && <h3>{group}</h3>}
          {parts.map((each) => (
            <div key={each.part}>
              <h4>{each.part === "default_language" ? t("content.variants.default") : partName(each.part, i18n)}</h4>
              <Lines lines={each.part === "default_language" ? each.lines.map((line) => ({ ...line, text: languageName(line.text, i18n.language) })) : each.lines} />
            </div>
          ))}
        </section>
      ))}
    </div>
  );
}

function Lines({ lines }: { lines: Changed["lines"] }) {
  const { t } = useI18n();
  const near = (index: number) => lines.slice(Math.max(0, index - AROUND), index + AROUND + 1).some(({ what }) => what !== "same");
  const shown = lines.map((line, index) => (near(index) ? line : null)).filter((line, index, all) => line !== null || (index > 0 && all[index - 1] !== null));
  return (
    <div className="tpl-lines">
      {shown.map((line, index) =>
        line === null ? (
          <span key={index} className="quiet" aria-hidden="true">
            ⋯
          </span>
        ) : line.what === "same" ? (
          <span key={index}>{line.text || "\u00a0"}</span>
        ) : line.what === "gone" ? (
          <del key={index}>
            <span className="seen-by-readers">{t("content.changes.gone")}</span>
            {line.text || "\u00a0"}
          </del>
        ) : (
          <ins key={index}>
            <span className="seen-by-readers">{t("content.changes.come")}</span>
            {line.text || "\u00a0"}
          </ins>
        ),
      )}
    </div>
  );
}
