import { lazy, Suspense, type ReactNode } from "react";

import { useI18n } from "~/i18n";
import { useKeys, type KeyBinding } from "~/keys";

import "./dialog.css";

export interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  width?: number;
  /** The title is only read out; the content draws its own head. */
  bare?: boolean;
  footer?: ReactNode;
}

/** Fetched by the shell soon after the page stands, so that a window opens at once. */
export const loadDialog = () => import("./DialogFrame");
const DialogFrame = lazy(loadDialog);
const NO_KEYS: KeyBinding[] = [];

/** A window over the page: closed by Escape, the cross or a click beside it; gives the focus back. Mount it to open it. `keys` live while it is open; all others sleep. */
export function Dialog({ keys = NO_KEYS, ...frame }: DialogProps & { keys?: KeyBinding[] }) {
  const { t } = useI18n();
  useKeys(frame.title, keys, "dialog");
  return (
    <Suspense fallback={null}>
      <DialogFrame {...frame} closeLabel={t("common.close")} />
    </Suspense>
  );
}
