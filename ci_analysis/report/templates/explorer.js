"use strict";
// Puts the figure that a reader chooses on a map that has several. Without this, the map shows the first of them.
for (const explorer of document.querySelectorAll(".explorer:has(svg.map)")) {
  const held = JSON.parse(explorer.querySelector("script").textContent);
  const svg = explorer.querySelector("svg.map");
  const areas = [...svg.querySelectorAll(".area")];
  const striped = held.looks.map((look) => svg.querySelector(`[id$="-hatch-${look}"]`).id);
  const [figure, group, place] = ["figure", "layer", "place"].map((n) => explorer.querySelector(`[data-choice=${n}]`));
  const told = explorer.querySelector(".told"), same = explorer.querySelector(".same");
  const layer = () => held.layers[group.value];

  const tell = (i) => {
    told.textContent = i === "" ? "" : `${held.names[i]}: ${layer().texts[i]}`;
  };
  const mark = () => {
    areas.forEach((area) => area.classList.remove("at"));
    if (place.value !== "") {
      areas[place.value].classList.add("at");
      svg.append(areas[place.value]); // above its neighbours, so that its whole edge is seen
    }
    tell(place.value);
  };
  const offer = () => {
    const before = group.selectedOptions[0].text;
    group.replaceChildren();
    held.layers.forEach((of, i) => {
      if (of.figure === Number(figure.value)) group.add(new Option(of.group, i, false, of.group === before));
    });
    group.disabled = group.length < 2;
  };
  const draw = () => {
    const shown = layer();
    areas.forEach((area, i) => {
      const look = shown.looks[shown.of[i]];
      const hatched = look !== undefined && shown.hatched[i] === "1";
      area.setAttribute("class", `area ${look === undefined ? "none" : held.looks[look]}`);
      area.style.fill = hatched ? `url(#${striped[look]})` : "";
      area.querySelector("title").textContent = `${held.names[i]}: ${shown.texts[i]}`;
    });
    svg.querySelector("title").textContent = shown.title;
    svg.querySelector("desc").textContent = shown.alt;
    same.querySelector("caption").textContent = shown.title;
    same.querySelector(".scroll").setAttribute("aria-label", shown.title);
    [...same.querySelectorAll("tbody td")].forEach((cell, i) => { cell.textContent = shown.texts[i]; });
    for (const part of explorer.querySelectorAll("[data-layer]")) part.hidden = part.dataset.layer !== group.value;
    mark();
  };

  figure.addEventListener("change", () => { offer(); draw(); });
  group.addEventListener("change", draw);
  place.addEventListener("change", mark);
  areas.forEach((area, i) => {
    area.addEventListener("pointerenter", () => tell(i));
    area.addEventListener("pointerleave", () => tell(place.value));
    area.addEventListener("click", () => { place.value = i; mark(); });
  });
  for (const part of [explorer.querySelector(".choices"), told]) part.hidden = false;
  // A browser may have kept what was chosen before the page was loaded again.
  offer();
  draw();
}
