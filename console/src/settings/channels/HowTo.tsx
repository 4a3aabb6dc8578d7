/** Where what is asked for is to be found, step by step. Of a channel that a package brings its manifest's own help has to do. */
import { useI18n } from "~/i18n";
import { Section } from "~/ui";

const STEPS = ["one", "two", "three", "four", "five"] as const;
const PAGES: Record<string, string> = { chat: "how-to/chat.md", telegram: "how-to/channels.md", email: "how-to/connect-e-mail.md", webhook: "reference/channels/webhook.md", sandbox: "reference/channels/sandbox.md" };

export function HowTo({ kind }: { kind: string }) {
  const { t, tx, has } = useI18n();
  const steps = STEPS.map((step) => `accounts.find.${kind}.${step}`).filter(has);
  if (steps.length === 0) return null;
  return (
    <Section title={t("accounts.find.title")}>
      <ol className="acc-steps">
        {steps.map((step) => (
          <li key={step}>{tx(step)}</li>
        ))}
      </ol>
      {PAGES[kind] && <p className="field-hint">{t("accounts.form.docs", { page: PAGES[kind] })}</p>}
    </Section>
  );
}
