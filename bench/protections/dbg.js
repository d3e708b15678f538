module.exports = { server: (server, options) => {
  const t = {}
  const g = require('../../lib/adapters/http').guard(server, { maxDelay: 100, ...options, onShed (i) { const who = i.client === '127.0.0.2' ? 'h' : 'l'; const s = g.snapshot(); const k = who + ' ' + i.reason + ' ' + s.classes.map(c => c.state).join() + ' q' + s.queueing+ ' cap' + s.classes.map(c=>c.limit).join() + (who==='l' ? ' fl' + i.inFlight + ' w' + Math.floor(i.waitMs / 20) * 20 : ''); t[k] = (t[k] ?? 0) + 1 } })
  setInterval(() => { console.error(Object.entries(t).sort((a, b) => b[1] - a[1]).slice(0, 14), JSON.stringify(g.stats().shedBy), g.snapshot().fairRate, g.snapshot().clients.slice(0,3)); for (const k in t) delete t[k] }, 5000).unref()
} }
