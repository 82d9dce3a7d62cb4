"use strict";
// Shows the ties of the member of a network that a reader points at, taps or chooses. Without this, all of them stand.
for (const explorer of document.querySelectorAll(".explorer:has(svg.network)")) {
  const svg = explorer.querySelector("svg.network"), place = explorer.querySelector("select"), told = explorer.querySelector(".told");
  const members = [...svg.querySelectorAll("[data-member]")], names = [...svg.querySelectorAll("[data-name]")];
  const ties = [...svg.querySelectorAll("line[data-a]")];
  const of = (i) => ties.filter((tie) => tie.dataset.a === i || tie.dataset.b === i);

  const show = (i) => {
    const own = of(i), near = new Set([i, ...own.flatMap((tie) => [tie.dataset.a, tie.dataset.b])]);
    svg.classList.toggle("chosen", i !== "");
    for (const tie of ties) tie.classList.toggle("own", i !== "" && own.includes(tie));
    for (const member of members) member.classList.toggle("near", near.has(member.dataset.member));
    for (const name of names) name.classList.toggle("near", near.has(name.dataset.name));
    const options = [...place.options], called = (k) => options.find((each) => each.value === k);
    const others = options.filter((each) => each.value !== i && near.has(each.value)).map((each) => each.text);
    const whom = others.length ? `. Works with ${others.join(", ")}` : "";
    told.textContent = i === "" ? "" : `${called(i).dataset.tip}${whom}`;
  };
  place.addEventListener("change", () => show(place.value));
  for (const member of members) {
    member.addEventListener("pointerenter", () => show(member.dataset.member));
    member.addEventListener("pointerleave", () => show(place.value));
    member.addEventListener("click", () => { place.value = place.value === member.dataset.member ? "" : member.dataset.member; show(place.value); });
  }
  for (const part of [explorer.querySelector(".choices"), told]) part.hidden = false;
  show(place.value);
}
