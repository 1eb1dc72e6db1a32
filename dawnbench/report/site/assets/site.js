"use strict";
// Rows of the leaderboards chosen by recipe, device and rule; what is chosen is in the address, so it can be sent.
{
  const form = document.querySelector(".filters");
  const tables = [...document.querySelectorAll(".board table")];
  const selects = form ? [...form.querySelectorAll("select")] : [];
  const columnOf = (table, name) =>
    [...table.tHead.rows[0].cells].findIndex((cell) => cell.textContent.trim() === name);

  const choose = () => {
    let shown = 0;
    let all = 0;
    for (const table of tables) {
      const wanted = selects.map((select) => [columnOf(table, select.dataset.column), select.value]);
      let here = 0;
      for (const row of table.tBodies[0].rows) {
        row.hidden = wanted.some(([column, value]) => value && row.cells[column].textContent.trim() !== value);
        here += !row.hidden;
        all += 1;
      }
      table.closest("section").classList.toggle("empty", here === 0);
      shown += here;
    }
    form.querySelector("[role=status]").textContent = `${shown} of ${all} rows`;
  };

  const keep = () => {
    const chosen = new URLSearchParams();
    for (const { dataset, value } of selects) {
      if (value !== dataset.first) chosen.set(dataset.column.toLowerCase(), value || "all");
    }
    const query = String(chosen);
    try {
      history.replaceState(null, "", `${location.pathname}${query && "?"}${query}${location.hash}`);
    } catch { /* some browsers do not let a page from a disk change its address */ }
  };

  const set = (select, value) => {
    if ([...select.options].some((option) => option.value === value)) select.value = value;
  };

  if (form) {
    const asked = new URLSearchParams(location.search);
    for (const select of selects) {
      const value = asked.get(select.dataset.column.toLowerCase()) ?? select.dataset.first;
      set(select, value === "all" ? "" : value);
    }
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", () => { choose(); keep(); });
    form.querySelector("button").addEventListener("click", () => {
      for (const select of selects) select.value = "";
      choose();
      keep();
    });
    choose();
  }
}
