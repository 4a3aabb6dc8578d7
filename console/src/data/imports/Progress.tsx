import { useEffect, useState } from "react";

import { useI18n } from "~/i18n";

/** How long it will still take, by how it went since this was first looked at. Null until that can be told. */
export function useRemaining(share: number, active: boolean): string | null {
  const { t } = useI18n();
  const [first, setFirst] = useState<{ share: number; at: number } | null>(null);
  useEffect(() => {
    if (!active) setFirst(null);
    else setFirst((was) => (was && was.share <= share ? was : { share, at: Date.now() }));
  }, [share, active]);
  if (!active || !first || share - first.share < 0.01) return null;
  const seconds = ((Date.now() - first.at) / 1000 / (share - first.share)) * (1 - share);
  return seconds < 60 ? t("data.imports.soon") : t("data.imports.minutes", { n: Math.ceil(seconds / 60) });
}
