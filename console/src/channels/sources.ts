/** What a source is called: one that bears only its door's id is told by the door's own word, any other name stands as it was given. */
import type { I18n } from "~/i18n";

import { isChannel } from "./names";

export function sourceText(source: string | null, { t }: Pick<I18n, "t">): string {
  return isChannel(source) ? t(`channels.name.${source}`) : (source ?? "");
}
