/** The names of the kinds of identifiers. */
import { useI18n } from "~/i18n";

export const ANY = "*";

export function useKindName() {
  const { t, has } = useI18n();
  return (kind: string) => {
    if (kind === ANY) return t("settings.identity.anyKind");
    const key = `customer.kind.${kind}`;
    return has(key) ? t(key) : kind;
  };
}
