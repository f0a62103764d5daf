// Lists the mails, asks for new ones every second and shows the chosen one. No library, no build step.
"use strict";

const PAGE = 100;
const byId = (id) => document.getElementById(id);
const list = byId("list");
let wanted = PAGE;
let chosen = null;
let known = null; // ids already on the page; null until the first answer

const person = (address) =>
  address ? (address.Name ? `${address.Name} <${address.Address}>` : address.Address) : "";
const people = (addresses) => (addresses || []).map(person).join(", ");
const when = (text) => {
  const date = new Date(text);
  const today = date.toDateString() === new Date().toDateString();
  return today ? date.toLocaleTimeString() : date.toLocaleString();
};

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text; // a mail is a stranger's text: never as HTML
  return made;
}

function row(mail) {
  const item = element("li", mail.Read ? "" : "unread");
  item.dataset.id = mail.ID;
  item.dataset.words = [people(mail.To), person(mail.From), mail.Subject, mail.Snippet].join(" ").toLowerCase();
  if (known !== null && !known.has(mail.ID)) item.classList.add("new");
  const button = element("button");
  button.type = "button";
  button.append(
    element("span", "to", `to ${people(mail.To) || people(mail.Bcc)}`),
    element("time", "when", when(mail.Created)),
    element("span", "subject", mail.Subject || "(no subject)"),
    element("span", "snippet", mail.Snippet),
  );
  button.addEventListener("click", () => show(mail.ID));
  item.append(button);
  return item;
}

function filter() {
  const words = byId("filter").value.toLowerCase();
  for (const item of list.children) item.hidden = !item.dataset.words.includes(words);
}

function mark() {
  for (const item of list.children) {
    item.firstChild.setAttribute("aria-current", String(item.dataset.id === chosen));
    if (item.dataset.id === chosen) item.classList.remove("unread");
  }
}

async function refresh() {
  try {
    const answer = await fetch(`/api/v1/messages?limit=${wanted}`);
    if (!answer.ok) throw new Error(String(answer.status));
    const found = await answer.json();
    byId("count").textContent = found.total === 1 ? "1 mail" : `${found.total} mails`;
    document.title = `Mailbox (${found.total})`;
    byId("empty").hidden = found.total > 0;
    byId("more").hidden = found.total <= found.count;
    const ids = found.messages.map((mail) => mail.ID);
    if (known === null || ids.length !== known.size || ids.some((id) => !known.has(id))) {
      list.replaceChildren(...found.messages.map(row));
      known = new Set(ids);
      filter();
      mark();
    }
  } catch {
    byId("count").textContent = "the mailbox does not answer";
  }
}

async function show(id) {
  const [message, source] = await Promise.all([
    fetch(`/api/v1/message/${id}`).then((answer) => answer.json()),
    fetch(`/api/v1/message/${id}/raw`).then((answer) => answer.text()),
  ]);
  chosen = id;
  mark();
  byId("hint").hidden = true;
  byId("mail").hidden = false;
  byId("subject").textContent = message.Subject || "(no subject)";
  const lines = [
    ["From", person(message.From)],
    ["To", people(message.To)],
    ["Cc", people(message.Cc)],
    ["Bcc", people(message.Bcc)],
    ["Date", when(message.Date)],
    ["Attached", message.Attachments.map((part) => part.FileName || part.ContentType).join(", ")],
  ];
  byId("headers").replaceChildren(
    ...lines.filter(([, text]) => text).flatMap(([name, text]) => [element("dt", "", name), element("dd", "", text)]),
  );
  const link = message.ListUnsubscribe.Links.find((each) => /^https?:/.test(each));
  const oneClick = /one-click/i.test(message.ListUnsubscribe.HeaderPost);
  byId("unsubscribe").hidden = !(link && oneClick);
  byId("unsubscribe").action = link || "";
  byId("html").src = message.HTML ? `/view/${id}` : "about:blank";
  byId("text").textContent = message.Text;
  byId("source").textContent = source;
  for (const tab of document.querySelectorAll("[role=tab]")) {
    tab.disabled = (tab.dataset.tab === "html" && !message.HTML) || (tab.dataset.tab === "text" && !message.Text);
  }
  select(message.HTML ? "html" : "text");
  history.replaceState(null, "", `#${id}`);
}

function select(name) {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    tab.setAttribute("aria-selected", String(tab.dataset.tab === name));
  }
  for (const id of ["html", "text", "source"]) byId(id).hidden = id !== name;
}

for (const tab of document.querySelectorAll("[role=tab]")) {
  tab.addEventListener("click", () => select(tab.dataset.tab));
}
byId("filter").addEventListener("input", filter);
byId("more").addEventListener("click", () => {
  wanted += PAGE;
  refresh();
});
refresh().then(() => {
  const id = location.hash.slice(1);
  if (id) show(id);
});
setInterval(refresh, 1000);
