"use strict";
// Shows what is added within half a second; leaves open what was opened.
(() => {
  const place = document.getElementById("wire");
  const said = document.getElementById("said");
  const later = document.getElementById("later");
  const after = new URLSearchParams(location.search).get("after") ?? "0";
  const rows = () => [...place.querySelectorAll("tr[data-exchange]")];
  const number = (element) => Number(element.closest("tr")?.dataset.exchange ?? 0);
  let seen = place.dataset.seen;

  async function look() {
    try {
      const answer = await fetch(`wire-rows?seen=${seen}&after=${after}`);
      if (answer.status === 200) {
        const last = Math.max(0, ...rows().map(number));
        const open = new Set([...place.querySelectorAll("details[open]")].map(number));
        const at = place.contains(document.activeElement) ? number(document.activeElement) : 0;
        const newest = place.querySelector(".arrows tr:last-child");
        const follows = !newest || newest.getBoundingClientRect().top < innerHeight;
        place.innerHTML = await answer.text();
        seen = answer.headers.get("x-seen");
        for (const row of rows()) {
          row.classList.toggle("new", number(row) > last);
          for (const details of row.querySelectorAll("details")) {
            details.open = open.has(number(row));
            if (at && number(row) === at) details.querySelector("summary").focus();
          }
        }
        if (follows && !open.size) {
          place.querySelector(".arrows tr:last-child")?.scrollIntoView({ block: "nearest" });
        }
        later.href = `?after=${Math.max(0, ...rows().map(number))}`;
        const count = new Set(rows().map(number)).size;
        said.textContent = count ? `${count} requests` : "Nothing yet.";
      }
    } catch {
      said.textContent = "The sandbox has stopped. This is what happened until then.";
    }
    setTimeout(look, document.hidden ? 2000 : 300);
  }

  place.addEventListener("pointerover", ({ target }) => {
    const label = target.closest("[data-secret]")?.dataset.secret;
    for (const mark of place.querySelectorAll("[data-secret]")) {
      mark.classList.toggle("same", mark.dataset.secret === label);
    }
  });
  look();
})();
