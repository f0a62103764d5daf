// What the server cannot know: the reader's time zone, whether the line holds, and when they want to read in peace.
"use strict";

(function () {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const exact = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
  const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });
  const day = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });

  function ago(at) {
    const seconds = Math.max(0, Math.round((Date.now() - at) / 1000));
    if (seconds < 5) return "just now";
    for (const [size, unit] of [[86400, "d"], [3600, "h"], [60, "min"]]) {
      if (seconds >= size) return `${Math.floor(seconds / size)} ${unit} ago`;
    }
    return `${seconds} s ago`;
  }

  function localise(root) {
    for (const time of root.querySelectorAll("time[datetime]:not([data-told])")) {
      time.dataset.told = "";
      const at = new Date(time.dateTime);
      if ("day" in time.dataset) {
        time.textContent = day.format(at);
      } else if ("ago" in time.dataset) {
        time.textContent = ago(at);
        time.title = full.format(at);
      } else {
        time.textContent = ("exact" in time.dataset ? exact : clock).format(at);
        time.title = full.format(at);
      }
    }
    for (const name of root.querySelectorAll(".zone")) name.textContent = zone;
  }

  let held = null; // messages that came while paused, the oldest first; null: not paused

  function show(list, html) {
    const before = new Set(Array.from(list.children, (item) => item.id));
    const template = document.createElement("template");
    template.innerHTML = html;
    for (const item of Array.from(template.content.children)) {
      if (before.has(item.id)) item.remove(); // sent again after a reconnect
      else item.classList.add("fresh");
    }
    localise(template.content);
    list.prepend(template.content);
    while (list.children.length > Number(list.dataset.keep)) list.lastElementChild.remove();
  }

  function say(live) {
    const pulse = document.getElementById("pulse");
    if (!pulse) return;
    pulse.classList.toggle("live", live && !held);
    pulse.querySelector(".says").textContent = held ? `paused, ${held.length} waiting` : live ? "live" : "reconnecting";
  }

  document.addEventListener("htmx:sseOpen", () => say(true));
  document.addEventListener("htmx:sseError", () => say(false));
  document.addEventListener("htmx:sseBeforeMessage", (event) => {
    if (event.target.id !== "decisions") return;
    event.preventDefault(); // shown here instead of by htmx, which knows nothing of repetitions and pauses
    if (held) {
      held.push(event.detail.data);
      if (held.length > 500) held.shift();
      say(true);
    } else {
      show(event.target, event.detail.data);
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#pause");
    if (!button) return;
    const list = document.getElementById("decisions");
    if (held) for (const html of held) show(list, html);
    held = held ? null : [];
    button.setAttribute("aria-pressed", String(Boolean(held)));
    button.textContent = held ? "Go on" : "Pause";
    say(true);
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button || "told" in button.dataset) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
    } catch {
      window.prompt("To be copied by hand:", button.dataset.copy); // no clipboard without https
      return;
    }
    const said = Array.from(button.childNodes);
    button.dataset.told = "";
    button.replaceChildren("copied");
    setTimeout(() => { button.replaceChildren(...said); delete button.dataset.told; }, 1500);
  });
  setInterval(() => {
    for (const time of document.querySelectorAll("time[data-ago]")) time.textContent = ago(new Date(time.dateTime));
  }, 1000);
  document.addEventListener("htmx:load", (event) => localise(event.target));

  localise(document);
  const pause = document.getElementById("pause");
  if (pause) pause.hidden = false;
})();
