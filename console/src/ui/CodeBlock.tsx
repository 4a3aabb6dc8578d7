/** Text to take along: a key, a command, a piece of a page. Shown whole, copied by one press. */
import { useI18n } from "~/i18n";

import { Button } from "./Button";
import { toast } from "./toasts";

export function CodeBlock({ text, label }: { text: string; label: string }) {
  const { t } = useI18n();
  const copy = () => void navigator.clipboard.writeText(text).then(() => toast({ text: t("common.copied") }));
  return (
    <div className="code">
      <pre tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <Button dense onClick={copy}>
        {t("common.copy")}
      </Button>
    </div>
  );
}
