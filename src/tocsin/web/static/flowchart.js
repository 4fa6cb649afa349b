// Draws the flowchart; where that fails its source stays, which can be read as well.
const source = document.getElementById("source").textContent;
mermaid.initialize({ startOnLoad: false, securityLevel: "strict", theme: "neutral", flowchart: { htmlLabels: false } });
const { svg } = await mermaid.render("flow", source);
document.getElementById("drawing").innerHTML = svg;
