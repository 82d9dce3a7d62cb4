"use strict";
// Gives out the tables that one file carries inside.
{
  const files = JSON.parse(document.querySelector("script.files").textContent);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-file]");
    if (!link || !(link.dataset.file in files)) return;
    event.preventDefault();
    const address = URL.createObjectURL(new Blob([files[link.dataset.file]], { type: "text/csv" }));
    const given = Object.assign(document.createElement("a"), { href: address, download: link.dataset.file });
    given.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  });
}
