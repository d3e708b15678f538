/* global Chart, document */
'use strict'

const data = JSON.parse(document.getElementById('data').textContent)
const { capacity, usefulMs, timeoutMs, measurements } = data
const loads = [...new Set(measurements.map(({ level }) => level))].sort((a, b) => a - b)

const sides = [
  { name: 'without', protection: undefined, color: '#c8394b', pointStyle: 'rectRot' },
  { name: 'with spillway', protection: 'spillway', color: '#00758a', pointStyle: 'circle' }
]
const GREY = '#6b7280'
const FAINT = { borderDash: [2, 3], borderWidth: 2, pointRadius: 3 }

Chart.defaults.font = { ...Chart.defaults.font, family: 'system-ui, sans-serif', size: 13 }
Chart.defaults.locale = 'en'
Chart.defaults.color = '#374151'

const capacityLine = {
  id: 'capacity',
  beforeDatasetsDraw ({ ctx, chartArea, scales }) {
    const x = scales.x.getPixelForValue(capacity)
    ctx.save()
    ctx.strokeStyle = ctx.fillStyle = GREY
    ctx.beginPath()
    ctx.moveTo(x, chartArea.top)
    ctx.lineTo(x, chartArea.bottom)
    ctx.stroke()
    ctx.font = '12px system-ui, sans-serif'
    ctx.fillText('capacity', x + 5, chartArea.top + 12)
    ctx.restore()
  }
}

draw('useful', 'answers/s', [
  ...sides.map(side => line(side, report => report.perSecond.useful)),
  reference('best possible', loads.map(level => ({ x: level * capacity, y: Math.min(level, 1) * capacity })))
])
draw('latency', 'latency', [
  ...sides.map(side => line(side, report => report.okMs.p99, `p99 ${side.name}`)),
  ...sides.map(side => ({ ...line(side, report => report.okMs.p50, `p50 ${side.name}`), ...FAINT })),
  reference(`useful: within ${usefulMs} ms`, loads.map(level => ({ x: level * capacity, y: usefulMs })))
], {
  type: 'logarithmic',
  min: 1,
  max: 10 ** Math.ceil(Math.log10(timeoutMs)),
  ticks: { callback: ms => Number.isInteger(Math.log10(ms)) ? duration(ms) : null }
})
draw('failed', 'failures/s', sides.map(side => line(side, report => report.perSecond.failed)))
draw('refused', 'answers 503/s', sides.map(side => line(side, report => report.perSecond.refused)))

function line ({ name, protection, color, pointStyle }, value, label = name) {
  return {
    label,
    data: measurements.filter(measurement => measurement.protection === protection)
      .map(({ level, report }) => ({ x: level * capacity, y: value(report) })),
    borderColor: color,
    backgroundColor: color,
    borderWidth: 3,
    pointStyle,
    pointRadius: 5,
    clip: false
  }
}

function reference (label, points) {
  const look = { borderColor: GREY, backgroundColor: GREY, borderDash: [6, 4], borderWidth: 1.5, pointRadius: 0 }
  return { label, data: points, pointStyle: 'line', ...look }
}

function draw (id, unit, datasets, y = { min: 0, grace: '15%' }) {
  return new Chart(document.getElementById(id), {
    type: 'line',
    data: { datasets },
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: 'x', intersect: false },
      scales: { x: loadAxis(), y: { ...y, title: { display: true, text: unit } } },
      plugins: {
        legend: { labels: { usePointStyle: true, boxHeight: 6 } },
        tooltip: { callbacks: { title: ([{ parsed }]) => `${Math.round(parsed.x)} requests/s` } }
      }
    },
    plugins: [capacityLine]
  })
}

function loadAxis () {
  return {
    type: 'linear',
    min: 0,
    max: loads.at(-1) * capacity * 1.03,
    title: { display: true, text: 'offered load: requests/s, and as a multiple of capacity' },
    afterBuildTicks: axis => { axis.ticks = loads.map(level => ({ value: level * capacity })) },
    ticks: {
      autoSkip: false,
      maxRotation: 0,
      callback: (rate, i) => [Math.round(rate).toLocaleString('en'), `${loads[i]}×`]
    }
  }
}

function duration (ms) {
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`
}
