'use strict'

const { data, line, drawLines, GREY, FAINT } = globalThis.look
const { capacity, usefulMs, timeoutMs, spikeMs, spikes, measurements } = data
const BAND = '#fef3c7'
const loads = [...new Set(measurements.map(({ level }) => level))].sort((a, b) => a - b)

const sides = [
  { name: 'without spillway', protection: undefined, color: '#c8394b', pointStyle: 'rectRot' },
  { name: 'with spillway', protection: 'spillway', color: '#00758a', pointStyle: 'circle' }
]
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

const spikeBand = {
  id: 'spike',
  beforeDatasetsDraw ({ ctx, chartArea, scales }) {
    const [from, to] = [0, spikeMs / 1000].map(second => scales.x.getPixelForValue(second))
    ctx.save()
    ctx.fillStyle = BAND
    ctx.fillRect(from, chartArea.top, to - from, chartArea.bottom - chartArea.top)
    ctx.fillStyle = GREY
    ctx.font = '12px system-ui, sans-serif'
    ctx.fillText('spike', from + 5, chartArea.top + 14)
    ctx.restore()
  }
}

drawLines('spike', {
  datasets: sides.map(look => {
    const { seconds } = spikes.find(({ protection }) => protection === look.protection)
    return line(look.name, seconds.map(({ second, share }) => ({ x: second, y: 100 * share })), look)
  }),
  x: {
    min: spikes[0].seconds[0].second,
    max: spikes[0].seconds.at(-1).second,
    ticks: { stepSize: 1, maxRotation: 0 },
    title: { display: true, text: 'seconds since the spike began' }
  },
  y: { min: 0, max: 100, title: { display: true, text: 'answered in time' }, ticks: { callback: share => `${share} %` } },
  title: second => `second ${second}`,
  plugins: [spikeBand]
})
draw('useful', 'responses/s', [
  ...sides.map(look => side(look, report => report.perSecond.useful)),
  reference('ideal', loads.map(level => ({ x: level * capacity, y: Math.min(level, 1) * capacity })))
])
draw('latency', 'latency', [
  ...sides.map(look => side(look, report => report.okMs.p99, `p99 ${look.name}`)),
  ...sides.map(look => ({ ...side(look, report => report.okMs.p50, `p50 ${look.name}`), ...FAINT })),
  reference(`useful: within ${usefulMs} ms`, loads.map(level => ({ x: level * capacity, y: usefulMs })))
], {
  type: 'logarithmic',
  min: 1,
  max: 10 ** Math.ceil(Math.log10(timeoutMs)),
  ticks: { callback: ms => Number.isInteger(Math.log10(ms)) ? duration(ms) : null }
})
draw('failed', 'failed requests/s', sides.map(look => side(look, report => report.perSecond.failed)))
draw('refused', '503 responses/s', sides.map(look => side(look, report => report.perSecond.refused)))

function side (look, value, label = look.name) {
  const points = measurements.filter(({ protection }) => protection === look.protection)
    .map(({ level, report }) => ({ x: level * capacity, y: value(report) }))
  return line(label, points, look)
}

function reference (label, points) {
  const look = { borderColor: GREY, backgroundColor: GREY, borderDash: [6, 4], borderWidth: 1.5, pointRadius: 0 }
  return { label, data: points, pointStyle: 'line', ...look }
}

function draw (id, unit, datasets, y = { min: 0, grace: '15%' }) {
  return drawLines(id, {
    datasets,
    x: loadAxis(),
    y: { ...y, title: { display: true, text: unit } },
    title: rate => `${Math.round(rate)} requests/s`,
    plugins: [capacityLine]
  })
}

function loadAxis () {
  return {
    max: loads.at(-1) * capacity * 1.03,
    title: { display: true, text: 'offered load, in requests/s and as a multiple of capacity' },
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
