/** What will go with the answer, each with how far it is and the way out. */
import { Icon } from "~/ui";
import { useI18n } from "~/i18n";

import { Clip } from "./Clip";
import type { Uploads } from "./useUploads";
import { bytesText } from "./words";

export function Attached({ uploads, remove }: Pick<Uploads, "uploads" | "remove">) {
  const i18n = useI18n();
  const { t } = i18n;
  if (uploads.length === 0) return null;
  return (
    <ul className="dk-attached" aria-label={t("desk.attach.list")}>
      {uploads.map(({ key, name, size, done, fault }) => (
        <li key={key} className={fault ? "dk-attached-fault" : ""}>
          {fault ? <Icon name="warn" size={16} /> : <Clip size={16} />}
          <span className="dk-attached-name"><bdi>{name}</bdi></span>
          {fault ? <span className="dk-file-fault" role="alert">{fault}</span> : <span className="quiet">{bytesText(size, i18n)}</span>}
          {!fault && done < 1 && <progress value={done} max={1} aria-label={t("desk.attach.progress", { name })} />}
          <button type="button" className="dk-attached-drop" aria-label={t(done < 1 && !fault ? "desk.attach.cancel" : "desk.attach.remove", { name })} onClick={() => remove(key)}>
            <Icon name="close" size={14} />
          </button>
        </li>
      ))}
    </ul>
  );
}
