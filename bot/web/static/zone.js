// Times in the reader's zone. A page comes with its times in UTC, each in an element that has it for programs, too; here
// they are worded in the zone that was chosen on an earlier page, else in the browser's own.
(() => {
  "use strict";
  const KEPT = "zone";
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const select = document.createElement("select");

  const kept = () => {
    try { return localStorage.getItem(KEPT); } catch { return null; } // a browser may keep nothing
  };
  const keep = zone => {
    try { localStorage.setItem(KEPT, zone); } catch { /* it holds for this page */ }
  };
  const clock = zone => new Intl.DateTimeFormat("en-US", {
    timeZone: zone, day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    timeZoneName: "short",
  });
  const worded = (at, clock, year) => {
    const part = Object.fromEntries(clock.formatToParts(at).map(each => [each.type, each.value]));
    return `${part.day} ${part.month} ${year ? part.year + " " : ""}${part.hour}:${part.minute}`;
  };

  const letters = (at, clock) => clock.formatToParts(at).find(each => each.type === "timeZoneName").value;

  const show = zone => {
    const form = clock(zone); // throws where the browser does not know the zone
    for (const each of document.querySelectorAll("time[datetime]")) {
      const at = new Date(each.dateTime);
      if (!isNaN(at)) each.textContent = worded(at, form, true);
    }
    for (const each of document.querySelectorAll("tg-time[unix]")) {
      each.dataset.written ??= each.textContent;
      const at = new Date(each.getAttribute("unix") * 1000);
      each.textContent = zone === "UTC" ? each.dataset.written : `${worded(at, form, false)} ${letters(at, form)}`;
    }
    for (const each of document.querySelectorAll("[data-utc]")) each.hidden = zone === "UTC";
    select.value = zone;
  };

  const known = typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : [];
  for (const zone of new Set([own, "UTC", ...known])) select.add(new Option(zone, zone));
  try { show(kept() || own); } catch { show("UTC"); }
  select.addEventListener("change", () => { keep(select.value); show(select.value); });
  select.ariaLabel = "Time zone";
  document.getElementById("zone-words").replaceChildren("Times are those of ", select, ".");
})();
