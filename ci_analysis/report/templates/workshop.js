"use strict";
// Ranks the projects anew by weights that a room moves. Without this, the page shows the order of the last run.
for (const workshop of document.querySelectorAll(".workshop")) {
  const held = JSON.parse(workshop.querySelector("script").textContent);
  const part = (name) => workshop.querySelector(`[data-part=${name}]`);
  const [said, order, lines] = ["said", "order", "lines"].map(part);
  const sliders = [...workshop.querySelectorAll("input[type=range]")];
  const buttons = [...workshop.querySelectorAll("button[data-whose]")];
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
  const percent = (share) => `${Math.round(100 * share)}%`;
  const made = (tag, text, name) => {
    const element = document.createElement(tag);
    element.textContent = text;
    if (name) element.className = name;
    return element;
  };
  let weights = held.whose[0].weights;

  // As the run ranks: by score, equal within a hair, and the equal share the better rank.
  const ranked = (by) => {
    const total = sum(by);
    const rows = held.projects.map((project, at) => ({ at, score: sum(project.scores.map((s, i) => s * by[i])) / total }));
    rows.sort((a, b) => b.score - a.score);
    rows.forEach((row, i) => {
      row.rank = i && rows[i - 1].score - row.score <= held.same ? rows[i - 1].rank : i + 1;
    });
    return rows.sort((a, b) => a.rank - b.rank || a.at - b.at);
  };
  const before = new Map(ranked(held.whose[0].weights).map((row) => [row.at, row.rank]));

  const moved = (rank, was) => {
    if (rank === was) return "as for the coalition";
    return rank < was ? `▲ ${was - rank} up, ${was} for the coalition` : `▼ ${rank - was} down, ${was} for the coalition`;
  };
  const show = (whose) => {
    const total = sum(weights);
    buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.whose === String(whose))));
    sliders.forEach((slider, i) => {
      const share = total > 0 ? weights[i] / total : 0;
      slider.setAttribute("aria-valuetext", percent(share));
      slider.closest("label").querySelector("output").textContent = percent(share);
    });
    order.replaceChildren();
    if (!(total > 0)) {
      said.textContent = "Give at least one criterion some weight.";
      lines.value = "";
      return;
    }
    const rows = ranked(weights);
    for (const { at, rank, score } of rows) {
      const item = document.createElement("li");
      const bar = document.createElement("meter");
      bar.value = score;
      bar.setAttribute("aria-label", `score ${score.toFixed(2)} of 1`);
      item.dataset.rank = rank;
      item.append(made("span", rank, "rank"), made("bdi", held.projects[at].name, "name"), bar,
        made("span", score.toFixed(2), "score"), made("span", moved(rank, before.get(at)), "moved"));
      order.append(item);
    }
    const first = rows.filter((row) => row.rank === 1).map((row) => held.projects[row.at].name).join("; ");
    const name = whose === null ? "the weights set here" : held.whose[whose].by;
    said.textContent = `By ${name}, first: ${first}.`;
    lines.value = ["partner_id,criterion,points", ...held.criteria.map(
      (criterion, i) => `our-partner,${criterion},${Math.round((100 * weights[i]) / total)}`)].join("\n");
  };
  const take = (whose) => {
    weights = held.whose[whose].weights;
    sliders.forEach((slider, i) => { slider.value = weights[i]; });
    show(whose);
  };
  buttons.forEach((button) => button.addEventListener("click", () => take(Number(button.dataset.whose))));
  sliders.forEach((slider) => slider.addEventListener("input", () => {
    weights = sliders.map((s) => Number(s.value));
    show(null);
  }));
  for (const hidden of workshop.querySelectorAll("[data-script]")) hidden.hidden = false;
  take(0);
}
