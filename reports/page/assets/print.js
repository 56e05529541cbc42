// Print: the page is laid out for paper before the browser does that, so that the charts are drawn in the sizes that they have there.
const paper = on => {
  document.documentElement.classList.toggle("printing", on);
  Charts.print(on);
};
addEventListener("beforeprint", () => paper(true));
addEventListener("afterprint", () => paper(false));
