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

  function draw(plot, space) {
    var chart = figures[plot.dataset.chart];
    var width = Math.max(Math.floor(space), chart.least);
    var form = width < 560 ? chart.narrow : chart.wide;
    plot.style.minHeight = form.layout.height + "px";
    plot.style.width = width + "px";
    if (plot.dataset.drawn === form.layout.height + "x" + width) return;
    plot.dataset.drawn = form.layout.height + "x" + width;
    var layout = Object.assign({}, form.layout, { width: width });
    if (layout.meta && layout.meta.ratio) layout.height = Math.round(width * layout.meta.ratio);
    plot.style.minHeight = layout.height + "px";
    Plotly.newPlot(plot, form.data, layout, config);
  }

  function fit() {
    plots.forEach(function (plot) { draw(plot, plot.parentElement.clientWidth); });
  }

  function paper() {
    plots.forEach(function (plot) { draw(plot, plot.closest(".pair:not(.maps)") ? PAPER.half : PAPER.full); });
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
