// Sorting, filters, the theme button, and scrolling by keyboard. Pages are readable without it.
(() => {
  "use strict";
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const dark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const store = (theme) => { try { localStorage.setItem("theme", theme); } catch { /* storage is blocked */ } };
  const stored = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const show = () => {
    button.textContent = dark() ? "light" : "dark";
    button.title = `switch to ${button.textContent}`;
  };
  if (["light", "dark"].includes(stored())) root.dataset.theme = stored();
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    store(root.dataset.theme);
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();

  const here = document.querySelector("header.site [aria-current]");
  if (here) here.parentNode.scrollLeft = here.offsetLeft - (innerWidth - here.offsetWidth) / 2;

  // a box that scrolls sideways can be reached by keyboard
  const boxes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const box of document.querySelectorAll("figure, pre, .scroll")) boxes.observe(box);

  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell?.dataset.sort ?? cell?.textContent.trim() ?? "";
    const number = Number(text);
    return text === "" ? null : Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) => {
    if (a === null || b === null) return (a === null) - (b === null);
    return typeof a === typeof b ? (a > b) - (a < b) : typeof a === "number" ? -1 : 1;
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const sorter = document.createElement("button");
      sorter.type = "button";
      sorter.append(...head.childNodes);
      head.append(sorter);
      sorter.addEventListener("click", () => {
        const ascending = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        const body = table.tBodies[0];
        const rows = [...body.rows].map((row) => [value(row, column), row]);
        const empty = rows.filter(([key]) => key === null);
        const full = rows.filter(([key]) => key !== null);
        full.sort(([a], [b]) => (ascending ? 1 : -1) * compare(a, b));
        body.append(...full.map(([, row]) => row), ...empty.map(([, row]) => row));
      });
    });
  }

  for (const finder of document.querySelectorAll(".filters[data-find]")) {
    const sections = [...finder.closest("article, main").querySelectorAll("section.tests")];
    const label = document.createElement("label");
    const field = document.createElement("input");
    field.type = "search";
    field.addEventListener("input", () => {
      const wanted = field.value.toLowerCase();
      for (const section of sections) {
        const whole = section.querySelector("h2").textContent.toLowerCase().includes(wanted);
        let found = whole;
        for (const row of section.querySelectorAll("tbody tr")) {
          row.hidden = !whole && !row.dataset.cell.toLowerCase().includes(wanted);
          found ||= !row.hidden;
        }
        section.hidden = !found;
      }
    });
    label.append(finder.dataset.find, field);
    finder.append(label);
    finder.hidden = false;
  }

  for (const filters of document.querySelectorAll(".filters[data-keys]")) {
    const within = filters.closest("article, main");
    const rows = [...within.querySelectorAll("tr[data-size], li[data-size]")];
    const chosen = {};
    const apply = () => {
      const wanted = Object.entries(chosen).filter(([, name]) => name);
      for (const row of rows) {
        row.hidden = wanted.some(([key, name]) => key in row.dataset && row.dataset[key] !== name);
        const matches = wanted.length && !row.hidden && row.matches("tr");
        if (matches) row.closest("details")?.setAttribute("open", "");
      }
    };
    for (const key of filters.dataset.keys.split(" ")) {
      const values = [...new Set(rows.map((row) => row.dataset[key]).filter(Boolean))];
      if (values.length < 2) continue;
      const label = document.createElement("label");
      const select = document.createElement("select");
      select.name = key;
      select.append(new Option("all", ""), ...values.map((name) => new Option(name, name)));
      select.addEventListener("change", () => { chosen[key] = select.value; apply(); });
      label.append(key, select);
      filters.append(label);
      filters.hidden = false;
    }
  }

  // a box for words above a list or a table; rows and sections without all of the words are hidden
  for (const part of document.querySelectorAll("[data-search]")) {
    const rows = [...part.querySelectorAll("li, tbody tr")];
    const texts = rows.map((row) => `${row.textContent} ${row.dataset.words ?? ""}`.toLowerCase());
    const box = document.createElement("input");
    box.type = "search";
    box.placeholder = `search ${part.dataset.search}`;
    box.setAttribute("aria-label", box.placeholder);
    box.addEventListener("input", () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      rows.forEach((row, place) => { row.hidden = !words.every((word) => texts[place].includes(word)); });
      for (const section of part.querySelectorAll("section")) {
        section.hidden = !section.querySelector("li:not([hidden])");
      }
    });
    (part.closest(".scroll") ?? part).before(box);
  }

  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details:not([open])")) {
      part.open = true;
      addEventListener("afterprint", () => { part.open = false; }, { once: true });
    }
  });
})();
