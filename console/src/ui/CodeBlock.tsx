/** Text to take along: a key, a command, a piece of a page. Shown whole, copied by one press. */
import { useI18n } from "~/i18n";

import { Button } from "./Button";
import { toast } from "./toasts";

/** incomplete: something in it is still to be filled in, so it cannot be copied yet. */
export function CodeBlock({ text, label, incomplete = false }: { text: string; label: string; incomplete?: boolean }) {
  const { t } = useI18n();
  const copy = () => void navigator.clipboard.writeText(text).then(() => toast({ text: t("common.copied") }));
  return (
    <div className="code">
      <pre tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <Button dense disabled={incomplete} onClick={copy}>
        {t("common.copy")}
      </Button>
    </div>
  );
}
