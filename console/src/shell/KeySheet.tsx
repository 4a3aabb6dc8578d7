import { useState } from "react";

import { useI18n } from "~/i18n";
import { Kbd, keyNames, liveScopes, useSingleKeys } from "~/keys";
import { Dialog } from "~/ui";

/** Every key that works on the page it was opened from. */
export default function KeySheet({ onClose }: { onClose: () => void }) {
  const { t } = useI18n();
  const single = useSingleKeys();
  // Taken once: as soon as this window stands, all other keys sleep.
  const [groups] = useState(() =>
    liveScopes()
      .map((scope) => ({ title: scope.title, bindings: scope.bindings().filter((binding) => !binding.quiet) }))
      .filter((group) => group.bindings.length > 0),
  );
  return (
    <Dialog title={t("common.keys.title")} onClose={onClose} width={720}>
      <div className="keysheet">
        {groups.map((group) => (
          <section key={group.title}>
            <h3>{group.title}</h3>
            <dl>
              {group.bindings.map((binding) => (
                <div key={binding.label} className="keysheet-row">
                  <dt>
                    {(binding.shown ? [binding.shown] : keyNames(binding).slice(0, 2))
                      .map((name) => (
                        <span key={name} className="keysheet-keys">
                          {name.split(" ").map((part, index) => (
                            <span key={part}>
                              {index > 0 && <span className="quiet"> {t("common.keys.then")} </span>}
                              <Kbd k={part} />
                            </span>
                          ))}
                        </span>
                      ))}
                  </dt>
                  <dd>{binding.label}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="keysheet-note">{single ? t("common.keys.layout") : t("common.keys.off")}</p>
    </Dialog>
  );
}
