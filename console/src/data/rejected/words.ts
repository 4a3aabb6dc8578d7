/** Why something could not be taken, in the reader's words. */
import { useI18n } from "~/i18n";

export function useRefusal() {
  const { t, has, language } = useI18n();
  return {
    /** In a word or two; a code that has none, as it is. */
    named: (code: string) => {
      const key = `data.codes.${code}`;
      return has(key) ? t(key) : code;
    },
    /** In a sentence. The server's own says exactly which field, but in English only. */
    told: ({ code, reason }: { code: string; reason: string }) => {
      const key = `data.reasons.${code}`;
      return language !== "en" && has(key) ? t(key) : reason;
    },
  };
}
