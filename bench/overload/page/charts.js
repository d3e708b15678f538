'use strict'

const { data, line, drawLines } = globalThis.look

const COLORS = ['#00758a', '#c8394b', '#d08700', '#6d4bb5', '#2f8f46', '#6b7280', '#b0438f', '#1f4e9c', '#8a5a2b', '#00a5a5']
const SHAPES = ['circle', 'rectRot', 'triangle', 'rect', 'star']

for (const { id, unit, lines, logarithmic, timeline } of data.graphs) {
  const datasets = lines.map(({ label, points }, i) => {
    const look = { color: COLORS[i % COLORS.length], pointStyle: SHAPES[i % SHAPES.length] }
    return { ...line(label, points, look), borderWidth: 2, ...timeline ? { pointRadius: 0 } : {} }
  })
  drawLines(id, {
    datasets,
    x: { title: { display: true, text: timeline ? 'time, s' : 'offered load, as a multiple of capacity' } },
    y: { ...logarithmic ? { type: 'logarithmic' } : { min: 0 }, title: { display: true, text: unit } },
    title: x => timeline ? `${x} s` : `${x} × capacity`
  })
}
