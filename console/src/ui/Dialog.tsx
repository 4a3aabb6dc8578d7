import { Modal } from "@mantine/core";
import type { ReactNode } from "react";

import { useI18n } from "~/i18n";
import { useKeys, type KeyBinding } from "~/keys";

import { IconButton } from "./Button";
import { Icon } from "./icons";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  /** Keys that live while it is open; all others sleep. */
  keys?: KeyBinding[];
  width?: number;
  /** The title is only read out; the content draws its own head. */
  bare?: boolean;
  footer?: ReactNode;
}

const NO_KEYS: KeyBinding[] = [];

/** A window over the page: closed by Escape, the cross or a click beside it; gives the focus back. Mount it to open it. */
export function Dialog({ title, onClose, children, keys = NO_KEYS, width = 560, bare = false, footer }: DialogProps) {
  const { t } = useI18n();
  useKeys(title, keys, "dialog");
  return (
    <Modal.Root
      opened
      onClose={onClose}
      size={width}
      lockScroll={false}
      transitionProps={{ duration: 0 }}
      yOffset="10dvh"
      classNames={{ content: "dialog", inner: "dialog-inner", overlay: "dialog-veil" }}
    >
      <Modal.Overlay />
      <Modal.Content aria-label={title}>
        {!bare && (
          <header className="dialog-head">
            <h2>{title}</h2>
            <IconButton label={t("common.close")} onClick={onClose}>
              <Icon name="close" size={16} />
            </IconButton>
          </header>
        )}
        <div className={bare ? "" : "dialog-body"}>{children}</div>
        {footer && <footer className="dialog-foot">{footer}</footer>}
      </Modal.Content>
    </Modal.Root>
  );
}
