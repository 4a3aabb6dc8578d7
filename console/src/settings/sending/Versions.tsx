/** Every version there was: who made it, when, what it changed. Messages name the one they were judged by. */
import { actorText } from "~/actors";
import { usePages } from "~/api";
import { useI18n } from "~/i18n";
import { Button, DataTable, PagedList, Section, type Column } from "~/ui";

import { Diff } from "./Diff";
import type { Tells, Version } from "./model";

export function Versions({ inForce, tells, may, onTake }: { inForce: number; tells: Tells; may: boolean; onTake: (version: Version) => void }) {
  const { t, fmt } = useI18n();
  const list = usePages<Version>(["policy", "versions"], "/api/policy/versions", { limit: 20 });
  const columns = (rows: Version[]): Column<Version>[] => [
    {
      key: "version",
      head: t("sending.versions.version"),
      width: "96px",
      phone: "title",
      cell: ({ version }) => (
        <span>
          {fmt.number(version)}
          {version === inForce && <span className="table-second">{t("sending.versions.inForce")}</span>}
        </span>
      ),
    },
    {
      key: "made",
      head: t("sending.versions.made"),
      width: "24%",
      cell: ({ made_at, made_by }) =>
        made_at ? (
          <span>
            {fmt.dateTime(made_at)}
            <span className="table-second">{actorText(made_by ?? "", t)}</span>
          </span>
        ) : (
          t("sending.versions.built")
        ),
    },
    {
      key: "changed",
      head: t("sending.versions.changed"),
      phone: "bare",
      cell: ({ version, policy }) => {
        const before = rows.find((each) => each.version === version - 1);
        return before ? <Diff was={before.policy} now={policy} tells={tells} none={t("sending.versions.same")} /> : <span className="quiet">{version === 0 ? "" : "…"}</span>;
      },
    },
    ...(may
      ? [
          {
            key: "take",
            head: t("sending.versions.action"),
            width: "152px",
            phone: "bare" as const,
            cell: (one: Version) =>
              one.version !== inForce && (
                <Button dense aria-label={t("sending.versions.takeOf", { n: one.version })} onClick={() => onTake(one)}>
                  {t("sending.versions.take")}
                </Button>
              ),
          },
        ]
      : []),
  ];
  return (
    <Section title={t("sending.versions.title")}>
      <PagedList list={list} empty={null}>
        {(rows) => <DataTable label={t("sending.versions.title")} columns={columns(rows)} rows={rows} keyOf={({ version }) => String(version)} />}
      </PagedList>
    </Section>
  );
}
