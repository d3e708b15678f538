/* global Chart, document */
'use strict'

// The functions that all pages share. The script of the page follows in the same scope.
globalThis.look = (() => {
  const data = JSON.parse(document.getElementById('data').textContent)

  const GREY = '#6b7280'
  const FAINT = { borderDash: [2, 3], borderWidth: 2, pointRadius: 3 }

  Chart.defaults.font = { ...Chart.defaults.font, family: 'system-ui, sans-serif', size: 13 }
  Chart.defaults.locale = 'en'
  Chart.defaults.color = '#374151'

  function line (label, points, { color, pointStyle }) {
    return {
      label,
      data: points,
      borderColor: color,
      backgroundColor: color,
      borderWidth: 3,
      pointStyle,
      pointRadius: 5,
      clip: false
    }
  }

  function drawLines (id, { datasets, x, y, title, plugins = [] }) {
    return new Chart(document.getElementById(id), {
      type: 'line',
      data: { datasets },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { mode: 'x', intersect: false },
        scales: { x: { type: 'linear', min: 0, ...x }, y },
        plugins: {
          legend: { labels: { usePointStyle: true, boxHeight: 6 } },
          tooltip: { callbacks: { title: ([{ parsed }]) => title(parsed.x) } }
        }
      },
      plugins
    })
  }

  return { data, line, drawLines, GREY, FAINT }
})()
