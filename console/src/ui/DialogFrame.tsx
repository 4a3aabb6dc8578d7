/** The window itself, by Mantine. Loaded after the page, because no page opens with a window. */
import { createTheme, MantineProvider, Modal } from "@mantine/core";
import { useEffect, useState } from "react";

import { IconButton } from "./Button";
import type { DialogProps } from "./Dialog";
import { Icon } from "./icons";
import "./mantine.css";

const theme = createTheme({ fontFamily: "var(--font)", cursorType: "pointer", focusRing: "never" });

/** What had the focus when a window was called up from the page itself. */
let outside: Element | null = null;

/** Mantine gives the focus back when a window that stays is closed; ours go. What called it up may have gone too: a window before it. */
function useFocusBack(): void {
  const [places] = useState(() => {
    const here = document.activeElement === document.body ? null : document.activeElement;
    if (here && !here.closest("[role=dialog]")) outside = here;
    return [here, outside];
  });
  useEffect(
    () => () =>
      void setTimeout(() => {
        const place = places.find((each) => each?.isConnected);
        if (document.activeElement === document.body && place instanceof HTMLElement) place.focus({ preventScroll: true });
      }),
    [places],
  );
}

export default function DialogFrame({ title, onClose, children, width = 560, bare = false, footer, closeLabel }: DialogProps & { closeLabel: string }) {
  useFocusBack();
  const dark = document.documentElement.dataset["mantineColorScheme"] === "dark";
  return (
    <MantineProvider theme={theme} forceColorScheme={dark ? "dark" : "light"} withCssVariables={false} withGlobalClasses={false}>
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
              <IconButton label={closeLabel} onClick={onClose}>
                <Icon name="close" size={16} />
              </IconButton>
            </header>
          )}
          <div className={bare ? "" : "dialog-body"}>{children}</div>
          {footer && <footer className="dialog-foot">{footer}</footer>}
        </Modal.Content>
      </Modal.Root>
    </MantineProvider>
  );
}
