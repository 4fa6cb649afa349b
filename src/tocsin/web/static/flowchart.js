// Draws the flowchart; where that fails its source stays, which can be read as well.
const theme = localStorage.getItem("theme");
if (theme) document.documentElement.dataset.theme = theme;
const source = document.getElementById("source").textContent;
mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme: "neutral", flowchart: { htmlLabels: false } });
const { svg } = await mermaid.render("flow", source);
const drawing = document.getElementById("drawing");
drawing.innerHTML = svg;

// It is wider than a phone: where it begins is shown first.
const boxes = [...drawing.querySelectorAll(".node")].map((node) => node.getBoundingClientRect());
const top = Math.min(...boxes.map((box) => box.bottom)) + 60;
const first = Math.min(...boxes.filter((box) => box.top < top).map((box) => box.left));
drawing.scrollLeft += first - drawing.getBoundingClientRect().left - 16;
