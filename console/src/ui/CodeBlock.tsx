/** Text to take along: a key, a command, a piece of a page. Shown whole, copied by one press. */
import { useRef } from "react";

import { useI18n } from "~/i18n";

import { Button } from "./Button";
import { useCopy } from "./copy";

/** incomplete: something in it is still to be filled in, so it cannot be copied yet. */
export function CodeBlock({ text, label, incomplete = false }: { text: string; label: string; incomplete?: boolean }) {
  const { t } = useI18n();
  const shown = useRef<HTMLPreElement>(null);
  const copy = useCopy();
  return (
    <div className="code">
      <pre ref={shown} tabIndex={0} role="region" aria-label={label}>
        {text}
      </pre>
      <Button dense disabled={incomplete} onClick={() => void copy(text, undefined, shown.current)}>
        {t("common.copy")}
      </Button>
    </div>
  );
}
