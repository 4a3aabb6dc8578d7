/** The policy in force, each rule with what it does; and the form in its place while somebody changes it. */
import { actorText } from "~/actors";
import { useI18n } from "~/i18n";
import { Button, DataTable, Section, type Column } from "~/ui";

import { effectOf, rules, valueOf, type Policy, type Rule, type Tells, type Version } from "./model";
import { PolicyForm } from "./PolicyForm";

interface Props {
  inForce: Version;
  kinds: string[];
  tells: Tells;
  may: boolean;
  /** What is being typed began as this; taken: the version it was taken from, where it is not the one in force. */
  draft: { policy: Policy; taken: number | null } | null;
  setDraft: (draft: Props["draft"]) => void;
}

export function PolicySection({ inForce, kinds, tells, may, draft, setDraft }: Props) {
  const { t, fmt } = useI18n();
  const aside = inForce.made_at ? t("sending.policy.version", { n: inForce.version, when: fmt.dateTime(inForce.made_at), who: actorText(inForce.made_by ?? "", t) }) : t("sending.policy.built");
  const change = may && !draft && (
    <Button k="e" onClick={() => setDraft({ policy: inForce.policy, taken: null })}>
      {t("sending.policy.change")}
    </Button>
  );
  return (
    <Section title={t("sending.policy.title")} aside={aside} actions={change}>
      {draft ? <PolicyForm key={draft.taken ?? "now"} inForce={inForce} start={draft.policy} taken={draft.taken} kinds={kinds} tells={tells} onClose={() => setDraft(null)} onTheirs={() => setDraft(null)} /> : <Rules policy={inForce.policy} tells={tells} />}
    </Section>
  );
}

function Rules({ policy, tells }: { policy: Policy; tells: Tells }) {
  const { t } = useI18n();
  const columns: Column<Rule>[] = [
    { key: "rule", head: t("sending.policy.row"), width: "20%", phone: "title", cell: (rule) => t(`sending.rules.${rule}`) },
    {
      key: "value",
      head: t("sending.policy.value"),
      width: "32%",
      phone: "bare",
      cell: (rule) => (
        <span className="po-value">
          {valueOf(rule, policy, tells).map((line, index) => (
            <span key={line} className={rule === "budget" && index > 0 ? "table-second" : undefined}>
              {line}
            </span>
          ))}
        </span>
      ),
    },
    { key: "effect", head: t("sending.policy.effect"), phone: "bare", cell: (rule) => <span className="quiet">{effectOf(rule, policy, tells).join(" ")}</span> },
  ];
  return <DataTable label={t("sending.policy.title")} columns={columns} rows={[...rules]} keyOf={(rule) => rule} />;
}
