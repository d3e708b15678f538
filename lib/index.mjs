import toobusy from './index.js'

export default toobusy
export const {
  backend, delay, interval, lag, maxLag, onLag, shutdown, smoothingFactor, started
} = toobusy
