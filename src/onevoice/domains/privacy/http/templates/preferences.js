// Saves each change at once. Without this script the page's own button does the same.
const send = async (form, submitter) => {
  const fields = new URLSearchParams(new FormData(form, submitter));
  const answer = await fetch(form.action, { method: "POST", body: fields });
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
};

let sending = false;
let changed = false;

const save = async (form, submitter) => {
  if (sending) {
    changed = true;
    return;
  }
  sending = true;
  try {
    const page = await send(form, submitter);
    if (changed) {
      // What was switched meanwhile is still to be sent: keep the switches, take over what the server knows now.
      for (const name of ["position", "mark", "listed", "order", "pause_until"]) {
        form.elements[name].value = page.querySelector(`.centre [name=${name}]`).value;
      }
    } else {
      show(page);
    }
  } catch {
    form.submit();
    return;
  } finally {
    sending = false;
  }
  if (changed) {
    changed = false;
    const now = document.querySelector(".centre");
    if (now) await save(now);
  }
};

const show = (page) => {
  const focused = document.activeElement;
  const where = focused?.id
    ? `#${focused.id}`
    : focused?.name
      ? `[name="${focused.name}"]${focused.value && focused.type !== "select-one" ? `[value="${focused.value}"]` : ""}`
      : null;
  document.querySelector("main").replaceWith(document.adoptNode(page.querySelector("main")));
  tellTimes();
  if (where) (document.querySelector(`.centre ${where}`) ?? document.querySelector(".bar button"))?.focus();
};

// The server knows only the brand's time zone; the reader's is known here.
const tellTimes = () => {
  const style = { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const format = new Intl.DateTimeFormat(document.documentElement.lang, style);
  for (const time of document.querySelectorAll("time")) {
    const parts = Object.fromEntries(format.formatToParts(new Date(time.dateTime)).map(({ type, value }) => [type, value]));
    const clock = `${parts.hour}:${parts.minute}`;
    time.textContent = "clock" in time.dataset ? clock : `${parts.day} ${parts.month} ${parts.year}, ${clock}`;
  }
};

tellTimes();
document.documentElement.dataset.script = "yes";
document.addEventListener("change", (event) => {
  const form = event.target.closest(".centre");
  if (form) save(form);
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches(".centre, .bar")) return;
  event.preventDefault();
  save(event.target, event.submitter);
});
