// What the report does in a browser: filters that live in the address, and buttons that copy. Without it, every page
// is whole; nothing is fetched, and text is only ever set as text.
(() => {
  "use strict";

  const form = document.querySelector(".slr-filter");
  const matrix = document.getElementById("matrix");
  const NAMES = ["verdict", "section", "provider", "changed", "q"];

  // The filter is the part of the address behind "#" if it reads like "name=value"; else that is an anchor.
  function read() {
    const text = location.hash.slice(1);
    if (!text.includes("=")) return null;
    const found = new URLSearchParams(text);
    return Object.fromEntries(NAMES.map((name) => [name, found.get(name) || ""]));
  }

  function write(filter) {
    const wanted = new URLSearchParams(NAMES.filter((name) => filter[name]).map((name) => [name, filter[name]]));
    // A step back leads out of the page, not through each letter that was typed.
    history.replaceState(null, "", "#" + wanted.toString());
  }

  function shown(row, section, filter) {
    if (filter.section && filter.section !== section) return false;
    const cells = [...row.querySelectorAll("td[data-provider]")].filter(
      (cell) => !filter.provider || cell.dataset.provider === filter.provider);
    if (filter.verdict && !cells.some((cell) => cell.dataset.verdict === filter.verdict)) return false;
    if (filter.changed && !cells.some((cell) => cell.dataset.changed)) return false;
    const text = row.textContent.toLowerCase();
    return filter.q.toLowerCase().split(/\s+/).every((word) => text.includes(word));
  }

  function apply(filter) {
    let count = 0;
    let total = 0;
    for (const body of matrix.tBodies) {
      let any = false;
      for (const row of body.querySelectorAll(".slr-row")) {
        row.hidden = !shown(row, body.dataset.section, filter);
        any = any || !row.hidden;
        count += row.hidden ? 0 : 1;
        total += 1;
      }
      body.hidden = !any;
    }
    for (const cell of matrix.querySelectorAll("[data-provider]")) {
      cell.hidden = Boolean(filter.provider) && cell.dataset.provider !== filter.provider;
    }
    form.querySelector(".slr-count").textContent = `${count} of ${total} rules`;
    document.querySelector(".slr-none").hidden = count > 0;
  }

  function current() {
    return Object.fromEntries(NAMES.map((name) => [name, form.elements[name].value.trim()]));
  }

  function fill(filter) {
    for (const name of NAMES) form.elements[name].value = filter[name];
  }

  if (form && matrix) {
    form.hidden = false;
    const nothing = Object.fromEntries(NAMES.map((name) => [name, ""]));
    const fromAddress = () => {
      const filter = read();
      if (filter === null && location.hash.length > 1) return;
      fill(filter || nothing);
      apply(current());
    };
    form.addEventListener("input", () => { write(current()); apply(current()); });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", (event) => {
      event.preventDefault();
      fill(nothing);
      write(nothing);
      apply(nothing);
    });
    window.addEventListener("hashchange", fromAddress);
    apply(nothing);
    fromAddress();
  }

  // Somebody may write the address by hand, with a lone percent sign, which no decoder takes.
  function anchor() {
    const text = location.hash.slice(1);
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  // An anchor within something folded opens it.
  function unfold() {
    const target = location.hash.length > 1 && document.getElementById(anchor());
    for (let node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") node.open = true;
    }
    if (target) target.scrollIntoView();
  }
  window.addEventListener("hashchange", unfold);
  unfold();

  if (navigator.clipboard) {
    for (const button of document.querySelectorAll("[data-copy]")) {
      button.hidden = false;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(button.parentElement.querySelector("pre").textContent);
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
    }
  }
})();
