"use strict";
// Puts a button under each picture that saves it as a PNG: finding, picture, legend and source, as they look here.
{
  const SCALE = 2, WIDE = 920, EDGE = 32;
  const KEPT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray", "stroke-linecap",
    "stroke-linejoin", "opacity", "font-family", "font-size", "font-weight", "font-style", "text-anchor",
    "dominant-baseline", "paint-order", "display", "visibility", "transform"];

  const frozen = (svg) => {
    const copy = svg.cloneNode(true);
    const [from, to] = [svg, copy].map((s) => [...s.querySelectorAll("*")]);
    from.forEach((element, i) => {
      const style = getComputedStyle(element);
      for (const name of KEPT) {
        const value = style.getPropertyValue(name);
        if (value && value !== "none" || name === "fill" || name === "stroke" || name === "display") to[i].style.setProperty(name, value);
      }
    });
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    return copy;
  };

  const image = (svg, wide, high) => new Promise((done, failed) => {
    const copy = frozen(svg);
    copy.setAttribute("width", wide * SCALE);
    copy.setAttribute("height", high * SCALE);
    const drawn = new Image();
    drawn.onload = () => done(drawn);
    drawn.onerror = failed;
    drawn.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  });

  const lines = (pen, text, wide) => {
    const rows = [""];
    for (const word of text.trim().split(/\s+/)) {
      const longer = `${rows.at(-1)} ${word}`.trim();
      if (pen.measureText(longer).width <= wide || !rows.at(-1)) rows[rows.length - 1] = longer;
      else rows.push(word);
    }
    return rows;
  };

  // What stands on the picture, top to bottom; each part tells its height and how to draw it.
  const parts = async (figure, svg, pen, look) => {
    const wide = WIDE - 2 * EDGE, all = [];
    const write = (text, font, colour, line, after) => {
      pen.font = font;
      const rows = lines(pen, text, wide);
      all.push({ high: rows.length * line + after, draw: (y) => {
        pen.font = font;
        pen.fillStyle = colour;
        rows.forEach((row, i) => pen.fillText(row, EDGE, y + (i + 0.8) * line));
      } });
    };
    const heading = figure.querySelector(".chosen:not([hidden])") ?? figure.closest(".finding")?.querySelector("h2, h3");
    if (heading) write(heading.textContent, `700 25px ${look.serif}`, look.ink, 32, 14);
    const box = svg.viewBox.baseVal, high = wide * box.height / box.width;
    const drawn = await image(svg, wide, high);
    all.push({ high: high + 14, draw: (y) => pen.drawImage(drawn, EDGE, y, wide, high) });
    for (const legend of figure.querySelectorAll("ul.legend")) {
      if (!legend.offsetParent) continue;
      let x = EDGE, row = 0;
      pen.font = `15px ${look.sans}`;
      const items = [];
      for (const item of legend.children) {
        const count = item.querySelector(".n")?.textContent ?? "";
        const words = item.textContent.slice(0, item.textContent.length - count.length).trim().replace(/\s+/g, " ");
        const text = count ? `${words} · ${count}` : words, mark = item.querySelector("svg"), swatch = item.querySelector(".swatch");
        const room = 30 + pen.measureText(text).width + 24;
        if (x + room > WIDE - EDGE && x > EDGE) { x = EDGE; row += 1; }
        items.push({ x, row, text, mark: mark ? await image(mark, 18, 18) : null, swatch });
        x += room;
      }
      all.push({ high: (row + 1) * 24 + 8, draw: (y) => items.forEach((item) => {
        const top = y + item.row * 24;
        if (item.mark) pen.drawImage(item.mark, item.x, top, 18, 18);
        else if (item.swatch) {
          const style = getComputedStyle(item.swatch);
          pen.fillStyle = style.backgroundColor;
          pen.fillRect(item.x, top, 18, 18);
          if (item.swatch.classList.contains("hatched")) {
            pen.strokeStyle = look.quiet;
            pen.beginPath();
            for (let k = 4; k < 36; k += 6) { pen.moveTo(item.x + Math.max(0, k - 18), top + Math.min(18, k)); pen.lineTo(item.x + Math.min(18, k), top + Math.max(0, k - 18)); }
            pen.stroke();
          }
          pen.strokeStyle = style.borderTopColor;
          pen.strokeRect(item.x + 0.5, top + 0.5, 17, 17);
        }
        pen.font = `15px ${look.sans}`;
        pen.fillStyle = look.ink;
        pen.fillText(item.text, item.x + (item.mark || item.swatch ? 26 : 0), top + 14);
      }) });
    }
    const notes = [...figure.querySelectorAll("figcaption p:not(.give)")].map((p) => p.textContent).filter((t) => !t.startsWith("Data:"));
    const whose = document.querySelector(".study")?.textContent.trim() ?? "";
    const when = document.querySelector(".edition")?.textContent.trim() ?? "";
    all.push({ high: 6, draw: () => {} });
    for (const note of [...notes, [whose, when].filter(Boolean).join(" · ")]) write(note, `14px ${look.sans}`, look.quiet, 19, 3);
    return all;
  };

  const save = async (figure, svg, name) => {
    const root = getComputedStyle(document.documentElement), body = getComputedStyle(document.body);
    const look = { sans: body.fontFamily, serif: root.getPropertyValue("--serif"), ink: body.color, quiet: root.getPropertyValue("--quiet").trim() };
    const sheet = document.createElement("canvas"), pen = sheet.getContext("2d");
    const all = await parts(figure, svg, pen, look);
    sheet.width = WIDE * SCALE;
    sheet.height = (all.reduce((sum, part) => sum + part.high, 0) + 2 * EDGE) * SCALE;
    pen.scale(SCALE, SCALE);
    pen.fillStyle = body.backgroundColor;
    pen.fillRect(0, 0, sheet.width, sheet.height);
    let y = EDGE;
    for (const part of all) { part.draw(y); y += part.high; }
    const blob = await new Promise((done) => sheet.toBlob(done, "image/png"));
    const address = URL.createObjectURL(blob);
    Object.assign(document.createElement("a"), { href: address, download: `${name}.png` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  };

  for (const figure of document.querySelectorAll("figure:has(.picture svg)")) {
    const svg = figure.querySelector(".picture svg");
    const about = figure.closest("[id]")?.id.replace(/^.*?s-/, "") || "map";
    const button = Object.assign(document.createElement("button"), { type: "button", className: "save", textContent: "Save as picture (PNG)" });
    const told = Object.assign(document.createElement("span"), { className: "hidden", textContent: `: ${svg.querySelector("title")?.textContent ?? ""}` });
    button.append(told);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try { await save(figure, svg, about.slice(0, 60)); } finally { button.disabled = false; }
    });
    const place = figure.querySelector("figcaption") ?? figure.appendChild(document.createElement("figcaption"));
    const row = place.querySelector(".give") ?? place.appendChild(Object.assign(document.createElement("p"), { className: "give" }));
    if (row.textContent) row.append(" · ");
    row.append(button);
  }
}
