/** Who did something, as a person reads it: a colleague, an API key, whoever sat at the command line. */
import type { I18n } from "~/i18n";

/** actor: as the API keeps it. name: the colleague's, where it is known. */
export function actorText(actor: string, t: I18n["t"], name?: string | null): string {
  if (actor === "command line") return t("common.actors.commandLine");
  const key = /^key:\d+ (.+)$/s.exec(actor)?.[1];
  return key ? t("common.actors.key", { name: key }) : (name ?? actor);
}
