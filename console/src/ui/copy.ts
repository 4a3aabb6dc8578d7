/** Text to the clipboard, told in a toast. Every button that copies asks this. */
import { useI18n } from "~/i18n";

import { toast } from "./toasts";

/** shown: where the text stands on the page; without it, it is asked for in a window of the browser's own. */
export type Copy = (text: string, told?: string, shown?: Element | null) => Promise<void>;

export function useCopy(): Copy {
  const { t } = useI18n();
  return async (text, told = t("common.copied"), shown) => {
    if ((await written(text)) || oldWay(text)) toast({ text: told });
    else if (shown) {
      getSelection()?.selectAllChildren(shown);
      toast({ text: t("common.copyByHand") });
    } else prompt(t("common.copyByHand"), text);
  };
}

async function written(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // Over plain http there is no clipboard; elsewhere it may be forbidden.
  }
}

/** Of a field that nobody sees, within the window that is open: it keeps the focus in itself. */
function oldWay(text: string): boolean {
  const before = document.activeElement as HTMLElement | null;
  const area = document.createElement("textarea");
  area.className = "seen-by-readers";
  area.value = text;
  (before?.closest("dialog") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  return done;
}
