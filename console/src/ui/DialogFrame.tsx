/** The window itself. Loaded after the page, because no page opens with a window. */
import { useEffect, useState, type MouseEvent } from "react";

import { IconButton } from "./Button";
import type { DialogProps } from "./Dialog";
import { Icon } from "./icons";
import { openWindow } from "./top";

/** What had the focus when a window was called up from the page itself. */
let outside: Element | null = null;

/** What called it up may have gone, and with it what the browser gives the focus back to: a window before it. */
function useFocusBack(): void {
  const [places] = useState(() => {
    const here = document.activeElement === document.body ? null : document.activeElement;
    if (here && !here.closest("dialog")) outside = here;
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

function isBeside({ clientX: x, clientY: y }: MouseEvent, window: HTMLElement): boolean {
  const { left, right, top, bottom } = window.getBoundingClientRect();
  return x < left || x > right || y < top || y > bottom;
}

export default function DialogFrame({ title, onClose, children, width = 560, bare = false, footer, closeLabel }: DialogProps & { closeLabel: string }) {
  useFocusBack();
  return (
    <dialog
      ref={openWindow}
      className="dialog"
      style={{ width }}
      aria-label={title}
      onKeyDown={(event) => {
        // Not left to the browser: it closes at the second Escape whatever the page says.
        if (event.key !== "Escape" || event.defaultPrevented || event.nativeEvent.isComposing) return;
        event.preventDefault();
        onClose();
      }}
      onCancel={(event) => {
        if (event.target !== event.currentTarget) return; // a choice of files that was left
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => event.target === event.currentTarget && isBeside(event, event.currentTarget) && onClose()}
    >
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
    </dialog>
  );
}
