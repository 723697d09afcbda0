(function () {
  "use strict";
  var figures = JSON.parse(document.getElementById("figures").textContent);
  var plots = Array.prototype.slice.call(document.querySelectorAll(".plot"));
  var PAPER = { full: 703, half: 342 };
  var config = {
    responsive: false,
    displaylogo: false,
    displayModeBar: "hover",
    modeBarButtons: [["toImage"]],
    toImageButtonOptions: { format: "svg" },
    scrollZoom: false,
    doubleClick: false
  };

  function draw(plot, space, paper) {
    var chart = figures[plot.dataset.chart];
    var width = Math.max(Math.floor(space), chart.least);
    var form = width < 560 ? chart.narrow : chart.wide;
    plot.style.width = width + "px";
    var size = width + (paper ? "p" : "s");
    if (plot.dataset.drawn === size) return;
    plot.dataset.drawn = size;
    var layout = Object.assign({}, form.layout, { width: width });
    if (layout.meta && layout.meta.ratio) layout.height = Math.round(width * layout.meta.ratio);
    if (paper && chart.paper) layout.height = chart.paper;
    plot.style.minHeight = layout.height + "px";
    Plotly.newPlot(plot, form.data, layout, config);
  }

  function fit() {
    plots.forEach(function (plot) { draw(plot, plot.parentElement.clientWidth); });
  }

  function paper() {
    plots.forEach(function (plot) { draw(plot, plot.closest(".pair:not(.maps)") ? PAPER.half : PAPER.full, true); });
  }

  var printing = false;
  var frame;
  new ResizeObserver(function () {
    window.cancelAnimationFrame(frame);
    frame = window.requestAnimationFrame(function () { if (!printing) fit(); });
  }).observe(document.querySelector("main"));
  window.addEventListener("beforeprint", function () { printing = true; paper(); });
  window.addEventListener("afterprint", function () { printing = false; fit(); });
  fit();
})();
